"""Compares what a store's newest releases say about another platform with its tables, counted a second time in plain Python
that shares nothing with pipelines/ and knows no view of docs/platforms/: every figure, chart, row and finding.

    other_platforms.py PLATFORM STORE DSN [DSN …] --day 2026-11-20

PLATFORM is conversations, timeline or registrations. Rows of several databases are taken together.
"""
import argparse
import datetime as dt
import json
import math
import pathlib
import sys
from collections import Counter, defaultdict
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import namedtuple_row

import other_claims
from check import Check
from dojos import most, ratio
from platform_rows import Expected, Span, back, code_points, months, ranks, span as span_of_months

EPOCH = dt.datetime(1971, 1, 1, tzinfo=dt.timezone.utc)


class Week(Span):
    """A week of ISO 8601, from its Monday."""
    @property
    def same_day(self): return self.day - dt.timedelta(days=7) if self.provisional else self.first - dt.timedelta(days=1)


def span(name, day, zone):
    if "-W" not in name:
        return span_of_months(name, day, zone)
    year, _, week = name.partition("-W")
    first, days = dt.date.fromisocalendar(int(year), int(week), 1), dt.timedelta(days=7)
    return Week(name, first, first + days, first - days, day, ZoneInfo(zone))


def rows(dsns, query):
    found = []
    for dsn in dsns:
        with psycopg.connect(dsn, row_factory=namedtuple_row) as connection:
            connection.execute("SET TIME ZONE 'UTC'")
            found += connection.execute(query).fetchall()
    return found


def nth(values, share):
    """The least value that so many of all are not above; None of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1] if ordered else None


def whole(length): return length // dt.timedelta(seconds=1)


def days_of(s): return [s.first + dt.timedelta(days=n) for n in range((s.after - s.first).days)]


def twelve_months(s): return [m for m in months(back(s.after, 12), s.after) if s.midnight(m) < s.cut]


def classes(values, bounds):
    """How many values are in each class; a class ends before its bound, the last has none."""
    found = Counter(next((name for name, bound in bounds if bound is None or v < bound)) for v in values)
    return [found[name] for name, _ in bounds]


WAITS = [("within_10s", 10), ("within_1m", 60), ("within_5m", 300), ("within_15m", 900), ("within_1h", 3600),
         ("within_8h", 28800), ("within_1d", 86400), ("longer", None)]
LENGTHS = [("no_text", 1), ("to_20", 21), ("to_80", 81), ("to_160", 161), ("to_500", 501), ("longer", None)]


class Conversations:
    def __init__(self, dsns):
        columns = 'id, "conversationId" AS conversation, "timestamp" AS at, "from" AS sender, "to" AS receiver, text'
        self.bots = {b.id: b for b in rows(dsns[:1], "SELECT * FROM app.bots")}
        self.settings = {s.bot_id: s for s in rows(dsns[:1], "SELECT * FROM app.bot_settings")}
        tables = rows(dsns, "SELECT to_regclass('app.messages') IS NOT NULL AS live, current_database() AS name, "
                      "to_regclass('archive.messages') IS NOT NULL AS old")
        self.messages = []
        for dsn, has in zip(dsns, tables):
            if has.live:
                self.messages += [(m, False) for m in rows([dsn], f"SELECT {columns} FROM app.messages")]
            if has.old and rows([dsn], "SELECT relkind::text AS kind FROM pg_class WHERE oid = 'archive.messages'::regclass")[0].kind == "r":
                self.messages += [(m, True) for m in rows([dsn], f"SELECT {columns} FROM archive.messages")]

    def tenants(self):
        for b in self.bots.values():
            s = self.settings.get(b.id)
            slug = s.slug if s and s.slug else "".join(c if c.isascii() and c.isalnum() else "-" for c in b.id.lower())
            zone = s.time_zone if s and s.time_zone else "America/Sao_Paulo"
            yield slug, SimpleNamespace(id=b.id, zone=zone, created=s.created if s else None)

    def conversations(self, bot, s):
        e = Expected()
        talks = defaultdict(list)
        strays = Counter()
        for m, is_old in self.messages:
            if bot.id not in (m.sender, m.receiver):
                continue
            if m.at < EPOCH:
                strays["messages_of_unknown_day"] += 1
            elif m.at < s.cut:
                talks[m.conversation].append(SimpleNamespace(
                    id=m.id, at=m.at, talk=m.conversation, sent=m.sender == bot.id, old=is_old,
                    client=m.receiver if m.sender == bot.id else m.sender, text=m.text or "", itself=m.sender == m.receiver))
        said, answers = [], []
        for talk in talks.values():
            talk.sort(key=lambda m: (m.at, m.id))
            question, spoke = None, False
            for n, m in enumerate(talk):
                m.first = n == 0
                m.last = n + 1 == len(talk)
                m.was_last = m.at < s.until and (m.last or talk[n + 1].at >= s.until)
                m.waited = None
                if m.sent:
                    if question is not None:
                        m.waited = whole(m.at - question)
                        answers.append(SimpleNamespace(at=m.at, waited=m.waited, first=not spoke))
                    question, spoke = None, True
                elif question is None:
                    question = m.at
            said += talk
        now, then = [m for m in said if s.now(m.at)], [m for m in said if s.then(m.at)]

        def both(name, count): e.figure(name, count(now), count(then))
        both("conversations", lambda of: len({m.talk for m in of}))
        both("begun", lambda of: sum(m.first for m in of))
        both("clients", lambda of: len({m.client for m in of if not m.sent}))
        both("received", lambda of: sum(not m.sent for m in of))
        both("sent", lambda of: sum(m.sent for m in of))
        answered, before = [a for a in answers if s.now(a.at)], [a for a in answers if s.then(a.at)]
        e.figure("answers", len(answered))
        e.figure("first_answers", sum(a.first for a in answered))
        for name, share in (("median", 0.5), ("p90", 0.9)):
            e.figure(f"answer_{name}", *(nth([a.waited for a in of], share) for of in (answered, before)))
            e.figure(f"first_{name}", *(nth([a.waited for a in of if a.first], share) for of in (answered, before)))
        e.figure("unanswered", sum(m.last and not m.sent for m in now), sum(m.was_last and not m.sent for m in then))
        e.figure("unanswered_share", *(ratio(p, w, 6) for p, w in zip(
            e.figures["unanswered"][None], e.figures["conversations"][None])))
        e.figure("received_length", nth([len(m.text) for m in now if not m.sent and m.text], 0.5))
        e.figure("sent_length", nth([len(m.text) for m in now if m.sent and m.text], 0.5))
        e.figure("data_cut_off", max((m.at for m in now), default=None))
        clock = Counter(m.at.astimezone(s.zone).hour for m in now if not m.sent)
        e.figure("busiest", most(clock))
        e.lead("busiest", clock)
        for name in ("received", "sent", "begun", "unanswered", "answers", "first_answers"):
            for part in {"received": ("days", "hours", "clock", "lengths"), "sent": ("days", "hours", "clock", "lengths"),
                         "begun": ("days",), "unanswered": ("days",), "answers": ("waits",), "first_answers": ("waits",)}[name]:
                e.figure(f"{name}_of_{part}", e.figures[name][None][0])

        on = defaultdict(list)
        for m in now:
            on[s.local(m.at)].append(m)
        counts = lambda of: (len(of), sum(not m.sent for m in of), sum(m.sent for m in of))
        e.tables["days"] = [(d, len({m.talk for m in on[d]}), *counts(on[d]), sum(m.first for m in on[d]),
                             sum(m.last and not m.sent for m in on[d])) for d in sorted(on)]
        e.chart("calendar", days_of(s), {"conversations": [len({m.talk for m in on.get(d, [])}) for d in days_of(s)]})
        at = defaultdict(list)
        for m in now:
            local = m.at.astimezone(s.zone)
            at[local.weekday(), local.hour].append(m)
        e.tables["hours"] = [(d, h, *counts(at[d, h])) for d in range(7) for h in range(24)]
        e.chart("week", range(24), {str(d): [len(at[d, h]) for h in range(24)] for d in range(7)})
        by_hour = lambda sent: [sum(m.sent == sent for d in range(7) for m in at[d, h]) for h in range(24)]
        e.chart("clock", range(24), {"received": by_hour(False), "sent": by_hour(True)})
        self.more(e, s, at, now, answered, said)
        e.findings = {"messages_read": len(now), "messages_archived": sum(m.old for m in now),
                      "messages_without_text": sum(not m.text for m in now),
                      "messages_to_itself": sum(m.itself for m in now), **strays}
        return e

    def more(self, e, s, at, now, answered, said):
        names = [name for name, _ in WAITS]
        e.tables["waits"] = list(zip(names, classes([a.waited for a in answered], WAITS),
                                     classes([a.waited for a in answered if a.first], WAITS)))
        e.chart("waits", names, {"answers": [r[1] for r in e.tables["waits"]]})
        names = [name for name, _ in LENGTHS]
        e.tables["lengths"] = list(zip(names, classes([len(m.text) for m in now if not m.sent], LENGTHS),
                                       classes([len(m.text) for m in now if m.sent], LENGTHS)))
        e.chart("lengths", names, {"received": [r[1] for r in e.tables["lengths"]],
                                   "sent": [r[2] for r in e.tables["lengths"]]})
        e.tables["months"] = []
        for month in twelve_months(s):
            of = [m for m in said if s.local(m.at).replace(day=1) == month]
            e.tables["months"].append((month, len({m.talk for m in of}), sum(not m.sent for m in of), sum(m.sent for m in of)))
        e.chart("by_month", twelve_months(s), {"conversations": [r[1] for r in e.tables["months"]]})


TIMES = [("within_1m", 60), ("within_10m", 600), ("within_1h", 3600), ("within_1d", 86400), ("within_7d", 604800),
         ("within_30d", 2592000), ("longer", None)]
AGES = [("today", 1), ("to_2d", 3), ("to_7d", 8), ("to_30d", 31), ("longer", None)]


class Registrations:
    def __init__(self, dsns):
        # A moment that is no day in Python is one that never comes.
        self.all = rows(dsns, """SELECT id, origin, created, CASE WHEN isfinite(confirmed_at) THEN confirmed_at END
            AS confirmed FROM app.registrations""")
        self.zone = "America/Sao_Paulo"

    def tenants(self):
        yield "registrations", SimpleNamespace(zone=self.zone, created=None)

    def registrations(self, _, s):
        e = Expected()
        there = [r for r in self.all if EPOCH <= r.created < s.cut]
        now, then = [r for r in there if s.now(r.created)], [r for r in there if s.then(r.created)]
        is_in = lambda r, until=s.cut: r.confirmed is not None and r.confirmed < until
        wait = lambda r: whole(r.confirmed - r.created) if is_in(r) and r.confirmed >= r.created else None
        waits = lambda of: [w for w in map(wait, of) if w is not None]
        e.figure("registered", len(now), len(then))
        e.figure("confirmed", sum(map(is_in, now)), sum(is_in(r, s.until) for r in then))
        e.figure("confirmed_share", *(ratio(p, w, 6) for p, w in zip(
            e.figures["confirmed"][None], e.figures["registered"][None])))
        hour, day = (lambda of: sum(w < 3600 for w in waits(of))), (lambda of: sum(w < 86400 for w in waits(of)))
        e.figure("within_hour", hour(now))
        e.figure("within_day", day(now))
        late = [r for r in there if not is_in(r)]
        e.figure("unconfirmed", sum(s.now(r.created) for r in late))
        e.figure("unconfirmed_ever", len(late))
        e.figure("confirmations", sum(is_in(r) and r.confirmed >= s.starts for r in there))
        early = [w for r in then if is_in(r, s.until) and (w := wait(r)) is not None]
        e.figure("confirm_median", nth(waits(now), 0.5), nth(early, 0.5))
        e.figure("confirm_p90", nth(waits(now), 0.9), nth(early, 0.9))
        backwards = sum(r.confirmed is not None and r.confirmed < r.created for r in now)
        e.figure("confirmed_before", backwards)
        e.figure("data_cut_off", max([r.created for r in now] + [
            r.confirmed for r in there if is_in(r) and r.confirmed >= s.starts], default=None))
        for part in ("days", "origins", "clock", "funnel"):
            e.figure(f"registered_of_{part}", len(now))
        e.figure("confirmed_of_days", sum(map(is_in, now)))
        e.figure("within_day_of_days", day(now))
        for part in ("days", "ages"):
            e.figure(f"unconfirmed_of_{part}", sum(s.now(r.created) for r in late))
        e.figure("unconfirmed_ever_of_ages", len(late))

        on = defaultdict(list)
        for r in now:
            on[s.local(r.created)].append(r)
        yes = lambda of: sum(map(is_in, of))
        e.tables["days"] = [(d, len(on[d]), hour(on[d]), day(on[d]), yes(on[d]), len(on[d]) - yes(on[d]))
                            for d in sorted(on)]
        e.chart("calendar", days_of(s), {"registered": [len(on.get(d, [])) for d in days_of(s)]})
        e.chart("funnel", ["registered", "confirmed", "within_day", "within_hour"],
                {"people": [len(now), yes(now), day(now), hour(now)]})
        names = [name for name, _ in TIMES]
        e.tables["waits"] = list(zip(names, classes(waits(now), TIMES)))
        e.chart("waits", names, {"confirmed": [r[1] for r in e.tables["waits"]]})
        self.more(e, s, there, now, late, yes)
        e.findings = {"registrations_read": len(now), "confirmed_before_registered": backwards,
                      "registrations_of_unknown_day": sum(r.created < EPOCH for r in self.all)}
        return e

    def more(self, e, s, there, now, late, yes):
        names = [name for name, _ in AGES]
        age = lambda r: (s.as_of - s.local(r.created)).days
        e.tables["unconfirmed"] = []
        for name, of, recent in zip(names, classes([age(r) for r in late], AGES),
                                    classes([age(r) for r in late if s.now(r.created)], AGES)):
            low = {"today": -1, "to_2d": 0, "to_7d": 2, "to_30d": 7, "longer": 30}[name]
            high = {"today": 0, "to_2d": 2, "to_7d": 7, "to_30d": 30, "longer": 10 ** 9}[name]
            oldest = min((s.local(r.created) for r in late if low < age(r) <= high), default=None)
            e.tables["unconfirmed"].append((name, of, recent, oldest))
        e.chart("unconfirmed", names, {"people": [r[1] for r in e.tables["unconfirmed"]]})
        came = defaultdict(list)
        for r in now:
            came[(r.origin or "").strip(" ") or None].append(r)
        ranked = sorted(came, key=lambda o: (-len(came[o]), o is None, code_points(o or "")))
        e.tables["origins"] = [(o, len(came[o]), yes(came[o]), len(came[o]) - yes(came[o])) for o in ranked]
        e.chart("origins", [o or "" for o in ranked[:8]], {"registered": [len(came[o]) for o in ranked[:8]]},
                others=(len(ranked) - 8, [sum(len(came[o]) for o in ranked[8:])]) if len(ranked) > 8 else None)
        clock = Counter(r.created.astimezone(s.zone).hour for r in now)
        e.chart("clock", range(24), {"registered": [clock[h] for h in range(24)]})
        e.tables["months"] = []
        for month in twelve_months(s):
            of = [r for r in there if s.local(r.created).replace(day=1) == month]
            e.tables["months"].append((month, len(of), yes(of)))
        e.chart("by_month", twelve_months(s), {"registered": [r[1] for r in e.tables["months"]],
                                               "confirmed": [r[2] for r in e.tables["months"]]})


class Timeline:
    def __init__(self, dsns):
        self.people = {u.id: u for u in rows(dsns, "SELECT * FROM app.users")}
        self.follows = [f for f in rows(dsns, "SELECT * FROM app.follows") if f.follower != f.followee]
        self.tweets = rows(dsns, "SELECT * FROM app.tweets")

    def tenants(self):
        for u in self.people.values():
            yield f"u-{u.id}", SimpleNamespace(id=u.id, zone=u.time_zone, created=u.created)

    def name(self, person): return self.people[person].name.strip(" ") or "@" + self.people[person].username

    def timeline(self, reader, s, privacy):
        e = Expected()
        since = {f.followee: f.created for f in self.follows
                 if f.follower == reader.id and f.created < s.cut and self.people[f.followee].active}
        read = [t for t in self.tweets if t.user_id in since and t.created >= since[t.user_id]]
        now, then = [t for t in read if s.now(t.created)], [t for t in read if s.then(t.created)]
        shown = lambda t: (self.name(t.user_id), None) if privacy == "names" else (None, "hidden")
        e.figure("tweets", len(now), len(then))
        e.figure("authors", *(len({t.user_id for t in of}) for of in (now, then)))
        e.figure("followed", len(since), sum(m < s.starts for m in since.values()))
        mine = [f.created for f in self.follows
                if f.followee == reader.id and f.created < s.cut and self.people[f.follower].active]
        e.figure("followers", len(mine), sum(m < s.starts for m in mine))
        own = [t.created for t in self.tweets if t.user_id == reader.id]
        e.figure("own_tweets", sum(map(s.now, own)), sum(map(s.then, own)))
        e.figure("data_cut_off", max((t.created for t in now), default=None))
        for name in ("tweets_listed", "tweets_of_days", "tweets_of_authors"):
            e.figure(name, len(now))
        e.figure("authors_listed", len({t.user_id for t in now}))
        on = Counter(s.local(t.created) for t in now)
        e.chart("days", days_of(s), {"tweets": [on[d] for d in days_of(s)]})
        # The newest first; of equal moments, the later key.
        newest = sorted(now, key=lambda t: (t.created, t.id), reverse=True)
        e.tables["tweets"] = [(t.created, t.id, *shown(t), t.text) for t in newest]
        wrote = defaultdict(list)
        for t in now:
            wrote[shown(t)[0], t.user_id if shown(t)[0] else None].append(t)
        lines = sorted(wrote.items(), key=lambda x: (x[0][0] is None, -len(x[1]), code_points(x[0][0] or ""), x[0][1] or 0))
        rank = ranks([len(of) if name else None for (name, _), of in lines])
        e.tables["authors"] = [
            (n, name, None if name else "hidden", len({t.user_id for t in of}), len(of), max(s.local(t.created) for t in of))
            for n, ((name, _), of) in zip(rank, lines)]
        e.findings = {
            "tweets_read": len(now), "authors_hidden": len({t.user_id for t in now}) if privacy != "names" else 0,
            "tweets_of_unknown_day": sum(
                t.created < EPOCH for t in self.tweets for f in self.follows
                if f.follower == reader.id and f.followee == t.user_id and t.created >= f.created
                and self.people[t.user_id].active)}
        return e

    def network(self, period, day):
        """All active people together, each by their own clock."""
        e = Expected()
        spans = {u.id: span(period, day, u.time_zone) for u in self.people.values() if u.active}
        there = {u: s for u, s in spans.items() if self.people[u].created < s.cut}
        wrote = {u: [t.created for t in self.tweets if t.user_id == u] for u in there}
        is_in = lambda kind: {u: sum(getattr(s, kind)(m) for m in wrote[u]) for u, s in there.items()}
        now, then = is_in("now"), is_in("then")
        e.figure("users", len(there), sum(self.people[u].created < s.starts for u, s in there.items()))
        e.figure("joined", *(sum(getattr(s, kind)(self.people[u].created) for u, s in there.items())
                             for kind in ("now", "then")))
        e.figure("tweets", sum(now.values()), sum(then.values()))
        e.figure("active", sum(n > 0 for n in now.values()), sum(n > 0 for n in then.values()))
        e.figure("active_share", *(ratio(p, w, 6) for p, w in zip(e.figures["active"][None], e.figures["users"][None])))
        fans = {u: [f.created for f in self.follows
                    if f.followee == u and f.created < s.cut and self.people[f.follower].active] for u, s in there.items()}
        recent = {u: sum(m >= s.starts for m in fans[u]) for u, s in there.items()}
        e.figure("follows_new", sum(recent.values()))
        e.figure("data_cut_off", max([self.people[u].created for u in there] + [
            m for u, s in there.items() for m in wrote[u] if s.now(m)], default=None))
        e.figure("tweets_of_days", sum(now.values()))
        on, busy = Counter(), defaultdict(set)
        for u, s in there.items():
            for m in filter(s.now, wrote[u]):
                on[s.local(m)] += 1
                busy[s.local(m)].add(u)
        some = next(iter(spans.values()))
        e.chart("days", days_of(some), {"tweets": [on[d] for d in days_of(some)],
                                        "active": [len(busy[d]) for d in days_of(some)]})
        year = list(months(back(some.after, 12), some.after))
        local = lambda u: there[u].local(self.people[u].created).replace(day=1)
        e.tables["months"] = [
            (m, sum(local(u) == m for u in there), sum(local(u) <= m for u in there),
             sum(s.local(x).replace(day=1) == m and x < s.cut for u, s in there.items() for x in wrote[u])) for m in year]
        for name, column, place in (("growth", "users", 2), ("joined", "joined", 1), ("by_month", "tweets", 3)):
            e.chart(name, year, {column: [r[place] for r in e.tables["months"]]})
        listed = sorted((u for u in there if self.people[u].listed and fans[u]),
                        key=lambda u: (-len(fans[u]), code_points(self.name(u)), u))
        rank = ranks([len(fans[u]) for u in listed])
        e.tables["most_followed"] = [(n, self.name(u), len(fans[u]), recent[u], now[u]) for n, u in zip(rank, listed)][:20]
        e.findings = {"users_read": len(there),
                      "users_unlisted": sum(not self.people[u].listed and bool(fans[u]) for u in there)}
        return e


PLATFORMS = {"conversations": Conversations, "timeline": Timeline, "registrations": Registrations}
AT_START = ("followed", "followers", "users")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("platform", choices=PLATFORMS)
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("dsn", nargs="+")
    parser.add_argument("--day", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--zone", help="the time zone of the one tenant of registrations")
    options = parser.parse_args()
    platform, check, releases = PLATFORMS[options.platform](options.dsn), Check(), 0
    if options.zone:
        platform.zone = options.zone
    tenants = dict(platform.tenants())
    for latest in sorted(options.store.glob("**/latest.json")):
        slug, pipeline, period = latest.parts[-4:-1]
        data = latest.parent / "releases" / json.loads(latest.read_text())["release"] / "data"
        if pipeline == "network":
            expected = platform.network(period, options.day)
            lives = [t.created.astimezone(ZoneInfo(t.zone)).date() for t in tenants.values() if platform.people[t.id].active]
            if min(lives) > span(period, options.day, "UTC").before:
                expected.without_comparison(AT_START)
        elif slug in tenants and hasattr(platform, pipeline):
            tenant = tenants[slug]
            s = span(period, options.day, tenant.zone)
            privacy = json.loads((data / "report.json").read_text())["privacy"]
            expected = getattr(platform, pipeline)(tenant, s, *([privacy] if pipeline == "timeline" else []))
            if tenant.created and s.local(tenant.created) > s.before:
                expected.without_comparison(AT_START)
        else:
            continue
        check.release(data, expected)
        model = json.loads((data / "report.json").read_text())
        other_claims.page(check, f"{slug} {pipeline} {period}", model, (data / "index.html").read_text(), expected)
        releases += 1
    print(f"{releases} releases:", ", ".join(f"{n} {kind}" for kind, n in sorted(check.counts.items())))
    for fault in check.faults[:40]:
        print("fault:", fault[:1500])
    if len(check.faults) > 40:
        print(f"and {len(check.faults) - 40} more")
    sys.exit(bool(check.faults) or not releases)


if __name__ == "__main__":
    main()
