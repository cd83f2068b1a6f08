"""The platform's rows as plain Python values, and what every report's figures are made of: who, when, until when."""
from __future__ import annotations

import datetime as dt
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

TABLES = ("tenant", "user", "room", "room_member", "dojo_recording", "pocuser", "poc_screenshot", "message",
          "billing", "billing_event", "payment")


def code_points(text):
    """Orders texts as `COLLATE "C"` does."""
    return text.encode()


@dataclass
class Span:
    """A period in a tenant's zone, as far as it exists on the run's day."""
    name: str
    first: dt.date          # its first day
    after: dt.date          # the day after its last
    before: dt.date         # first day of the period before
    day: dt.date            # the run's
    zone: ZoneInfo

    @property
    def as_of(self): return min(self.day, self.after - dt.timedelta(days=1))
    @property
    def starts(self): return self.midnight(self.first)
    @property
    def previous(self): return self.midnight(self.before)
    @property
    def cut(self): return min(self.midnight(self.after), self.midnight(self.day + dt.timedelta(days=1)))

    @property
    def provisional(self): return self.day < self.after - dt.timedelta(days=1)

    @property
    def until(self):
        """The end of the days of the period before that are compared: the same days, all of them if the period is over."""
        return self.midnight(self.same_day + dt.timedelta(days=1)) if self.provisional else self.starts

    @property
    def same_day(self):
        """The run's day, one period earlier; the last of the month, if the month is shorter."""
        if not self.provisional:
            return self.first - dt.timedelta(days=1)
        step = (self.first.year - self.before.year) * 12 + self.first.month - self.before.month
        month = back(self.day, step)
        return month.replace(day=min(self.day.day, (back(month, -1) - dt.timedelta(days=1)).day))

    def midnight(self, day):
        return dt.datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(dt.timezone.utc)

    def local(self, moment):
        """The day on which something happened."""
        return moment.astimezone(self.zone).date()

    def now(self, moment): return self.starts <= moment < self.cut
    def then(self, moment): return self.previous <= moment < self.until and moment < self.cut


def months(first, after):
    """First days of the months in [first, after)."""
    day = first
    while day < after:
        yield day
        day = (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def back(day, count):
    """The first of the month `count` months before."""
    number = day.year * 12 + day.month - 1 - count
    return dt.date(number // 12, number % 12 + 1, 1)


def span(name, day, zone):
    year, _, month = name.partition("-")
    if not month:
        first, after, before = dt.date(int(year), 1, 1), dt.date(int(year) + 1, 1, 1), dt.date(int(year) - 1, 1, 1)
    else:
        first = dt.date(int(year), int(month), 1)
        after, before = back(first, -1), back(first, 1)
    return Span(name, first, after, before, day, ZoneInfo(zone))


class Platform:
    def __init__(self, dsn):
        with psycopg.connect(dsn, row_factory=namedtuple_row) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            for table in TABLES:
                setattr(self, table, connection.execute(f'SELECT * FROM app."{table}"').fetchall())
        self.users = {u.id: u for u in self.user}
        self.joined = defaultdict(set)
        for m in self.room_member:
            self.joined[m.roomid].add(m.userid)
        self.of = {}
        for table in TABLES:
            if table in ("tenant", "room_member"):
                continue
            mine = defaultdict(list)
            for row in getattr(self, table):
                mine[row.tenantid].append(row)
            self.of[table] = mine


def initial(name):
    """The first character as people see it; None if the name has no other one: the initial would be the whole name."""
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf") or c in "\u200c\u200d").lstrip()
    end = 2 if len(name) > 1 and all("\U0001F1E6" <= c <= "\U0001F1FF" for c in name[:2]) else 1
    while end < len(name) and (
            unicodedata.category(name[end])[0] == "M" or name[end] in "\u200c\u200d" or name[end - 1] == "\u200d"
            or "\U0001F3FB" <= name[end] <= "\U0001F3FF"):
        end += 1
    others = [c for c in name[end:] if unicodedata.category(c)[0] in "LN" or not c.isascii() and unicodedata.category(c)[0] == "S"]
    return name[:end] if others else None


class View:
    """What one tenant's report of one period may see."""

    def __init__(self, platform, tenant, period, day, privacy="names"):
        self.platform, self.tenant, self.privacy = platform, tenant, privacy
        self.span = s = span(period, day, tenant.timezone)
        self.pocs = [c for c in self.rows("pocuser") if s.previous <= c.created < s.cut]
        self.pocs_now = sorted((c for c in self.pocs if s.now(c.created)), key=lambda c: (c.created, c.id))
        self.pocs_then = [c for c in self.pocs if s.then(c.created)]
        rooms = [r for r in self.rows("room") if r.created < s.cut and r.status == "A"]
        self.rooms_ever = [r for r in rooms if r.date < s.cut]
        self.rooms_now = sorted((r for r in rooms if s.now(r.date)), key=lambda r: (r.date, r.id))
        self.rooms_then = [r for r in rooms if s.then(r.date)]
        self.recordings = defaultdict(list)
        for r in self.rows("dojo_recording"):
            if r.created < s.cut:
                self.recordings[r.roomid].append(r)
        self.own = {u.id for u in self.rows("user")}

    @property
    def is_compared(self):
        """Whether the tenant existed on all days of the period before that would be compared."""
        return self.span.local(self.tenant.created) <= self.span.before

    def rows(self, table): return self.platform.of[table][self.tenant.id]

    def sat(self, room):
        """Who took part: the members and whoever opened it."""
        return self.platform.joined[room.id] | {room.userid}

    def name(self, user):
        """(name, None), or (None, why there is none)."""
        if user not in self.own:
            return None, "guest"
        u = self.platform.users[user]
        wish = max((self.privacy, u.privacy), key=["names", "initials", "none"].index)
        first, last = u.firstname.strip(" -"), u.lastname.strip(" -")
        if wish == "none":
            return None, "hidden"
        if wish == "initials":
            parts = [x for x in (first, last) if x] or [u.username.strip(" -")]
            shown = " ".join(x + "." for x in map(initial, parts) if x)
            return (shown, None) if shown else (None, "hidden")
        return " ".join(x for x in (first, last) if x) or u.username, None

    def is_named(self, user):
        return user in self.own and self.privacy == "names" and self.platform.users[user].privacy == "names"

    @staticmethod
    def seconds(recording):
        """Whole seconds; None where it is unknown."""
        if recording.stopped is None or recording.stopped < recording.started:
            return None
        return (recording.stopped - recording.started) // dt.timedelta(seconds=1)

    def length(self, room):
        known = [x for x in map(self.seconds, self.recordings[room.id]) if x is not None]
        return sum(known) if known else None

    def time(self, rooms):
        """The known lengths of some dojos added up; None where there are dojos and no length is known."""
        known = [x for x in map(self.length, rooms) if x is not None]
        return sum(known) if known or not rooms else None

    def people(self, room):
        """The names in order, and how many have none: hidden, guests."""
        all_of_them = [(*self.name(u), u) for u in self.sat(room)]
        named = sorted((n, u) for n, _, u in all_of_them if n is not None)
        named.sort(key=lambda x: (code_points(x[0]), x[1]))
        return (", ".join(n for n, _ in named) if named else None,
                sum(why == "hidden" for _, why, _ in all_of_them), sum(why == "guest" for _, why, _ in all_of_them))


def language(poc): return (poc.language or "").strip(" ") or None
def tags(poc): return {t.strip(" ") for t in (poc.tags or "").split(",")} - {""}


def ranks(keys):
    """The rank of each of some keys in order: as many have more, plus one; None for a key that is None."""
    return [None if key is None else keys.index(key) + 1 for key in keys]


class Expected:
    """What a report must say: figures by name and currency, charts, rows of tables, findings."""

    def __init__(self):
        self.figures, self.charts, self.tables, self.findings, self.leads = {}, [], {}, {}, {}
        # Of a chart by its name: the numbers of the period before, and the sum of the series not shown.
        self.previous, self.other_series = {}, {}

    def figure(self, name, value=None, previous=None, currency=None):
        self.figures.setdefault(name, {})[currency] = (value, previous)

    def lead(self, name, counter):
        """Who has the greatest count, where somebody without a name has not more: (names, count, sum of all)."""
        best = max(counter.values(), default=0)
        named = sorted(str(k) for k, n in counter.items() if k is not None and n == best)
        if best and named:
            self.leads[name] = (named, best, sum(counter.values()))

    def without_comparison(self, kept=()):
        """What was before is left out, but for figures whose previous value is that of the period's start."""
        self.previous = {}
        for name, amounts in self.figures.items():
            if name not in kept:
                for currency, (value, _) in amounts.items():
                    amounts[currency] = (value, None)

    def chart(self, name, labels, series, currency=None, others=None):
        self.charts.append((name, currency, [str(x) for x in labels], series, others))


def twins(rows, alike, moment, within):
    """The rows that come less than `within` after another one that is alike."""
    last, found = {}, []
    for row in sorted(rows, key=lambda r: (moment(r), r.id)):
        before = last.get(alike(row))
        if before is not None and moment(row) < before + within:
            found.append(row)
        last[alike(row)] = moment(row)
    return found
