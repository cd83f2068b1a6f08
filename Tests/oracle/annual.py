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
    hours = Counter((s.local(at).weekday(), at.astimezone(s.zone).hour)
                    for at in [c.created for c in v.pocs_now] + [r.date for r in v.rooms_now])
    week_day, week_hour = most(hours) or (None, None)
    e.figure("week_day", week_day)
    e.figure("week_hour", week_hour)
    # Names of a lead are of the squares with the greatest number: a day or an hour can come several times.
    best = [at for at in sorted(hours) if hours[at] == max(hours.values())]
    for name, part in (("week_day", 0), ("week_hour", 1)):
        if best:
            e.leads[name] = (sorted(str(at[part]) for at in best), hours[best[0]], sum(hours.values()))
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
    for name in ("activities_of_days", "activities_of_hours"):
        e.figure(name, sum(days.values()))
    e.figure("favorites_listed", sum(c.favorite == "Y" for c in v.pocs_now))
    e.figure("attendances_of_dojos", sum(len(v.sat(r)) for r in v.rooms_now))

    year = list(months(s.first, s.after))
    all_days = [s.first + dt.timedelta(days=n) for n in range((s.after - s.first).days)]
    e.chart("calendar", all_days, {"activities": [days[d] for d in all_days]})
    e.chart("by_month", year, {"pocs": [by_month[m] for m in year], "dojos": [dojo_months[m] for m in year]})
    then_months, dojo_then = (Counter(m.replace(year=m.year + 1) for m in x) for x in (
        [day(c).replace(day=1) for c in v.pocs_then], [held(r).replace(day=1) for r in v.rooms_then]))
    e.previous["by_month"] = {"pocs": [then_months[m] for m in year], "dojos": [dojo_then[m] for m in year]}
    e.chart("week", range(24), {str(d): [hours[d, h] for h in range(24)] for d in range(7)})
    so_far = [m for m in year if m <= s.local(s.cut - dt.timedelta(microseconds=1))]
    e.chart("pace", so_far, {"pocs": [sum(by_month[x] for x in year if x <= m) for m in so_far],
                             "pocs_previous": [sum(then_months[x] for x in year if x <= m) for m in so_far]})
    monthly = Counter((day(c).replace(day=1), language(c)) for c in v.pocs_now if language(c) is not None)
    in_order = list(dict.fromkeys(l for _, l in sorted(monthly, key=lambda x: (x[0], code_points(x[1])))))
    largest = sorted(in_order, key=lambda l: -languages[l])
    e.chart("language_months", year, {l: [monthly[m, l] for m in year] for l in largest[:5]})
    if len(largest) > 5:
        e.other_series["language_months"] = len(largest) - 5, [sum(monthly[m, l] for l in largest[5:]) for m in year]
    before = Counter(map(language, v.pocs_then))
    both_years = sorted({*languages, *before} - {None}, key=lambda l: (-languages[l], -before[l], code_points(l)))
    both_years.sort(key=lambda l: -languages[l] - before[l])
    e.chart("language_changes", both_years[:8], {"pocs": [languages[l] for l in both_years[:8]],
                                                 "pocs_previous": [before[l] for l in both_years[:8]]})
    e.chart("languages", [x or "" for x, _ in ranked[:8]], {"pocs": [n for _, n in ranked[:8]]},
            others=(len(ranked) - 8, [sum(n for _, n in ranked[8:])]) if len(ranked) > 8 else None)
    counted = Counter(t for c in v.pocs_now for t in tags(c))
    top = sorted(counted.items(), key=lambda x: (-x[1], code_points(x[0])))[:10]
    e.chart("tags", [t for t, _ in top], {"pocs": [n for _, n in top]})
    poc_weekdays = Counter(day(c).weekday() for c in v.pocs_now)
    e.chart("weekdays", range(7), {"pocs": [poc_weekdays[d] for d in range(7)], "dojos": [weekdays[d] for d in range(7)]})

    found = remarkable(v)
    e.tables["remarkable"] = [(rule, since, d, title, amount) for d, _, rule, since, title, amount, _ in found]
    e.tables["remarkable_rows"] = [
        (rule, d, kind, title) for _, _, rule, _, _, _, rests in found for d, _, kind, _, title in rests]
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


def remarkable(v: View):
    """(day, place, rule, since, title, amount, activities that it rests on), in the order of the calendar."""
    s, found = v.span, []
    happened = sorted([(c.created, "poc", str(c.id), c.name) for c in v.pocs_now]
                      + [(r.date, "dojo", str(r.id), r.name) for r in v.rooms_now])
    happened = [(s.local(at), at, kind, key, title) for at, kind, key, title in happened]
    if not happened:
        return []
    by_day = Counter(a[0] for a in happened)
    active = sorted(by_day)
    def add(place, rule, day, rests, since=None, title=None, amount=None):
        found.append((day, place, rule, since, title, amount, rests))
    def on(*days): return [a for a in happened if a[0] in days]
    def starts(activities):
        """The first of them, if no other began at the same moment."""
        return activities[0] if [a[1] for a in activities].count(activities[0][1]) == 1 else None

    earlier = [c for c in v.rows("pocuser") if c.created < s.starts] + [r for r in v.rooms_ever if r.date < s.starts]
    if not earlier and (first := starts(happened)):
        add(1, "first", first[0], [first], title=first[4])

    best = max(by_day.values())
    if best >= 3 and list(by_day.values()).count(best) == 1:
        day = next(d for d in active if by_day[d] == best)
        add(2, "most", day, on(day), amount=best)

    one = dt.timedelta(days=1)
    runs, pauses = [], []
    for day in active:
        if runs and runs[-1][-1] == day - one:
            runs[-1].append(day)
        else:
            if runs:
                pauses.append(((day - runs[-1][-1]).days - 1, runs[-1][-1], day))
            runs.append([day])
    longest = [r for r in runs if len(r) == max(map(len, runs))]
    if len(longest) == 1 and len(longest[0]) >= 4 and longest[0] is not runs[-1]:
        add(3, "streak", longest[0][-1], on(*longest[0]), since=longest[0][0], amount=len(longest[0]))
    widest = [p for p in pauses if p[0] == max(x[0] for x in pauses)]
    if len(widest) == 1 and widest[0][0] >= 14 and (back := starts(on(widest[0][2]))):
        add(4, "comeback", widest[0][2], on(widest[0][1], widest[0][2]), since=widest[0][1], title=back[4], amount=widest[0][0])

    people = ({c.userid for c in v.pocs_now} | {u for r in v.rooms_now for u in v.sat(r)}) & v.own
    whole = [r for r in v.rooms_now if len(people) >= 3 and people <= v.sat(r)]
    if whole:
        r = whole[0]
        add(5, "together", s.local(r.date), [(s.local(r.date), r.date, "dojo", str(r.id), r.name)], title=r.name, amount=len(people))
    return sorted(found, key=lambda x: x[:2])


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
