"""The year in review, counted by hand."""
import datetime as dt
from collections import Counter, defaultdict

from platform_rows import Expected, View, code_points, language, months, ranks, tags, twins


def most(counter):
    """The key of the greatest count, of equal ones the least; None where nothing counts."""
    found = [(-n, key) for key, n in counter.items() if n > 0]
    return min(found)[1] if found else None


def longest_run(days):
    best = run = 0
    for day in sorted(days):
        run = run + 1 if day - dt.timedelta(days=1) in days else 1
        best = max(best, run)
    return best


def annual(v: View):
    e, s = Expected(), v.span
    day = lambda c: s.local(c.created)
    held = lambda r: s.local(r.date)

    def both(name, count): e.figure(name, count(v.pocs_now, v.rooms_now), count(v.pocs_then, v.rooms_then))
    sitters = lambda rooms: {u for r in rooms for u in v.sat(r)}
    both("pocs", lambda p, r: len(p))
    both("favorites", lambda p, r: sum(c.favorite == "Y" for c in p))
    both("members", lambda p, r: len(({c.userid for c in p} | sitters(r)) & v.own))
    both("languages", lambda p, r: len({language(c) for c in p} - {None}))
    both("dojos", lambda p, r: len(r))
    both("dojo_time", lambda p, r: v.time(r))
    both("participants", lambda p, r: len(sitters(r)))
    both("attendances", lambda p, r: sum(len(v.sat(x)) for x in r))
    both("recorded_dojos", lambda p, r: sum(bool(v.recordings[x.id]) for x in r))
    both("tags", lambda p, r: len({t for c in p for t in tags(c)}))
    both("authors", lambda p, r: len({c.userid for c in p}))
    both("active_days", lambda p, r: len({day(c) for c in p} | {held(x) for x in r}))
    e.figure("data_cut_off", max(
        [c.updated for c in v.pocs_now] + [r.updated for r in v.rooms_now]
        + [x.created for r in v.rooms_now for x in v.recordings[r.id]], default=None))

    poc_days, dojo_days = Counter(map(day, v.pocs_now)), Counter(map(held, v.rooms_now))
    days = poc_days + dojo_days
    by_month = Counter(d.replace(day=1) for d in map(day, v.pocs_now))
    favourites = Counter(day(c).replace(day=1) for c in v.pocs_now if c.favorite == "Y")
    dojo_months = Counter(held(r).replace(day=1) for r in v.rooms_now)
    weekdays = Counter(held(r).weekday() for r in v.rooms_now)
    languages = Counter(map(language, v.pocs_now))
    e.figure("streak", longest_run(set(days)))
    e.figure("busiest_month", most(by_month))
    e.figure("busiest_day", most(days))
    e.figure("busiest_day_count", max(days.values(), default=None))
    e.figure("dojo_weekday", most(weekdays))
    ranked = sorted(languages.items(), key=lambda x: (-x[1], x[0] is None, code_points(x[0] or "")))
    e.figure("top_language", ranked[0][0] if ranked else None)

    e.lead("busiest_month", by_month)
    e.lead("busiest_day", days)
    e.lead("dojo_weekday", weekdays)
    e.lead("top_language", languages)
    known = {language(c) for c in v.rows("pocuser") if c.created < s.starts}
    new = set(languages) - known - {None}
    e.figure("new_languages", len(new))
    for name in ("pocs_listed", "pocs_of_months", "pocs_of_languages", "pocs_of_members"):
        e.figure(name, len(v.pocs_now))
    for name in ("dojos_listed", "dojos_of_months"):
        e.figure(name, len(v.rooms_now))
    e.figure("favorites_listed", sum(c.favorite == "Y" for c in v.pocs_now))
    e.figure("attendances_of_dojos", sum(len(v.sat(r)) for r in v.rooms_now))

    year = list(months(s.first, s.after))
    all_days = [s.first + dt.timedelta(days=n) for n in range((s.after - s.first).days)]
    e.chart("calendar", all_days, {"activities": [days[d] for d in all_days]})
    e.chart("by_month", year, {"pocs": [by_month[m] for m in year], "dojos": [dojo_months[m] for m in year]})
    e.chart("languages", [x or "" for x, _ in ranked[:8]], {"pocs": [n for _, n in ranked[:8]]},
            others=(len(ranked) - 8, [sum(n for _, n in ranked[8:])]) if len(ranked) > 8 else None)
    counted = Counter(t for c in v.pocs_now for t in tags(c))
    top = sorted(counted.items(), key=lambda x: (-x[1], code_points(x[0])))[:10]
    e.chart("tags", [t for t, _ in top], {"pocs": [n for _, n in top]})
    poc_weekdays = Counter(day(c).weekday() for c in v.pocs_now)
    e.chart("weekdays", range(7), {"pocs": [poc_weekdays[d] for d in range(7)], "dojos": [weekdays[d] for d in range(7)]})

    e.tables["members"] = members(v)
    e.tables["dojos"] = []
    for r in v.rooms_now:
        people, hidden, guests = v.people(r)
        opener, why = v.name(r.userid)
        e.tables["dojos"].append((held(r), r.name, people, hidden, guests, len(v.sat(r)), v.length(r),
                                  bool(v.recordings[r.id]), opener, why))
    shots = Counter(x.pocid for x in v.rows("poc_screenshot") if x.created < s.cut)
    e.tables["pocs"] = []
    for c in v.pocs_now:
        author, why = v.name(c.userid)
        e.tables["pocs"].append((
            day(c), c.name, language(c), c.tags, c.favorite == "Y", author, why, shots[c.id] if author else 0,
            (c.description or "").strip(" ") or None, (c.repourl.strip(" ") or None) if v.is_named(c.userid) else None))
    rooms = defaultdict(list)
    for r in v.rooms_now:
        rooms[held(r).replace(day=1)].append(r)
    e.tables["months"] = [(m, by_month[m], favourites[m], dojo_months[m], v.time(rooms[m])) for m in year]
    e.findings = findings(v)
    return e


def members(v: View):
    rows = defaultdict(lambda: [set(), 0, 0, set(), 0, 0])
    def row(user):
        name, why = v.name(user)
        found = rows[name, why, user if name else None]
        found[0].add(user)
        return found
    for c in v.pocs_now:
        r = row(c.userid)
        r[1] += 1
        r[2] += c.favorite == "Y"
        r[3] |= {language(c)} - {None}
    for room in v.rooms_now:
        for user in v.sat(room):
            r = row(user)
            r[4] += 1
            r[5] += user == room.userid
    ordered = sorted(rows.items(), key=lambda x: (
        x[0][0] is None, x[0][1] == "guest", -x[1][1], -x[1][4], code_points(x[0][0] or ""), str(x[0][2])))
    rank = ranks([(x[1], x[4]) if name else None for (name, _, _), x in ordered])
    return [(n, name, why, len(x[0]), x[1], x[2], len(x[3]), x[4], x[5])
            for n, ((name, why, _), x) in zip(rank, ordered)]


def room_findings(v: View):
    s = v.span
    found = [r for room in v.rooms_now for r in v.recordings[room.id]]
    own_rooms = {r.id for r in v.rows("room")}
    return {
        "dojos_read": len(v.rooms_now),
        "dojos_inactive": sum(r.status == "I" and s.now(r.date) and r.created < s.cut for r in v.rows("room")),
        "dojos_without_recording": sum(not v.recordings[r.id] for r in v.rooms_now),
        "dojos_of_unknown_length": sum(bool(v.recordings[r.id]) and v.length(r) is None for r in v.rooms_now),
        "recordings_without_end": sum(r.stopped is None for r in found),
        "recordings_end_before_start": sum(r.stopped is not None and r.stopped < r.started for r in found),
        "recordings_of_other_rooms": sum(s.now(r.started) and r.created < s.cut and r.roomid not in own_rooms
                                         for r in v.rows("dojo_recording")),
        "guests_in_dojos": sum(v.people(r)[2] for r in v.rooms_now),
        "recordings_alike": len(found) - len({(r.roomid, r.object_key) for r in found}),
    }


def findings(v: View):
    s = v.span
    why = [v.name(c.userid)[1] for c in v.pocs_now]
    own = {c.id for c in v.rows("pocuser")}
    return room_findings(v) | {
        "pocs_read": len(v.pocs_now),
        "pocs_without_language": sum(language(c) is None for c in v.pocs_now),
        "pocs_without_description": sum(not (c.description or "").strip(" ") for c in v.pocs_now),
        "pocs_alike": len(twins(v.pocs_now, lambda c: (c.userid, c.name), lambda c: c.created, dt.timedelta(minutes=1))),
        "pocs_of_hidden": why.count("hidden"),
        "pocs_of_guests": why.count("guest"),
        "recordings_not_shown": sum(bool(v.recordings[r.id]) and sum(v.people(r)[1:]) > 0 for r in v.rooms_now),
        "screenshots_of_other_pocs": sum(s.now(x.created) and x.pocid not in own for x in v.rows("poc_screenshot")),
    }
