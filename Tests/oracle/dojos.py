"""The dojos of a period, counted by hand."""
import datetime as dt
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal

from annual import most, room_findings
from platform_rows import Expected, View, back, code_points, months, ranks


def ratio(part, whole, places):
    return (Decimal(part) / Decimal(whole)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) if whole else None


def gaps(recordings):
    """Each recording with the seconds since all before it had stopped; None where there are none or it is unknown."""
    ordered = sorted(recordings, key=lambda r: (r.started, r.id))
    for n, r in enumerate(ordered):
        ends = [x.stopped for x in ordered[:n]]
        known = ends and None not in ends and max(ends) < r.started
        yield r, (r.started - max(ends)) // dt.timedelta(seconds=1) if known else None


def dojos(v: View):
    e, s = Expected(), v.span
    written = defaultdict(Counter)
    then = {r.id for r in v.rooms_then}
    for m in v.rows("message"):
        earlier = m.roomid in then
        if m.message_status == "A" and m.created < (s.until if earlier else s.cut):
            written[m.roomid][m.userid] += 1

    def both(name, count): e.figure(name, count(v.rooms_now), count(v.rooms_then))
    both("dojos", len)
    both("dojo_time", v.time)
    both("participants", lambda rooms: len({u for r in rooms for u in v.sat(r)}))
    both("attendances", lambda rooms: sum(len(v.sat(r)) for r in rooms))
    both("recorded_dojos", lambda rooms: sum(bool(v.recordings[r.id]) for r in rooms))
    both("timed_dojos", lambda rooms: sum(v.length(r) is not None for r in rooms))
    both("recordings", lambda rooms: sum(len(v.recordings[r.id]) for r in rooms))
    both("messages", lambda rooms: sum(written[r.id].total() for r in rooms))
    for name, part, places in (("attendance", "attendances", 1), ("recorded_share", "recorded_dojos", 6)):
        e.figure(name, *(ratio(p, w, places) for p, w in zip(e.figures[part][None], e.figures["dojos"][None])))
    e.figure("data_cut_off", max(
        [r.updated for r in v.rooms_now] + [x.created for r in v.rooms_now for x in v.recordings[r.id]], default=None))
    weekdays = Counter(s.local(r.date).weekday() for r in v.rooms_now)
    e.figure("weekday", most(weekdays))
    e.lead("weekday", weekdays)
    lines = [(r, x, gap) for r in v.rooms_now for x, gap in gaps(v.recordings[r.id])]
    e.figure("gaps", sum(gap or 0 for *_, gap in lines) if any(g is not None for *_, g in lines) else
             None if lines else 0)
    for name, of in (("dojos_listed", "dojos"), ("dojos_of_days", "dojos"), ("dojos_of_weekdays", "dojos"),
                     ("attendances_listed", "attendances"), ("attendances_of_members", "attendances"),
                     ("recordings_listed", "recordings"), ("messages_listed", "messages"),
                     ("messages_of_members", "messages")):
        e.figure(name, e.figures[of][None][0])
    e.figure("dojo_time_listed", v.time(v.rooms_now))

    all_days = [s.first + dt.timedelta(days=n) for n in range((s.after - s.first).days)]
    days = Counter(s.local(r.date) for r in v.rooms_now)
    e.chart("calendar", all_days, {"dojos": [days[d] for d in all_days]})
    twelve = [m for m in months(back(s.after, 12), s.after) if s.midnight(m) < s.cut]
    in_month = lambda m: [r for r in v.rooms_ever if s.local(r.date).replace(day=1) == m]
    e.tables["months"] = [(m, len(in_month(m)), sum(len(v.sat(r)) for r in in_month(m))) for m in twelve]
    e.chart("by_month", twelve, {"dojos": [r[1] for r in e.tables["months"]],
                                 "attendances": [r[2] for r in e.tables["months"]]})
    e.chart("weekdays", range(7), {"dojos": [weekdays[d] for d in range(7)]})

    e.tables["sessions"] = []
    for r in v.rooms_now:
        people, hidden, guests = v.people(r)
        e.tables["sessions"].append((r.date, r.name, people, hidden, guests, len(v.sat(r)), v.length(r),
                                     len(v.recordings[r.id]), written[r.id].total(), *v.name(r.userid)))
    e.tables["members"] = members(v, written)
    outcome = lambda x: "no_end" if x.stopped is None else "ends_before_start" if x.stopped < x.started else "complete"
    lines.sort(key=lambda x: (x[0].date, x[1].started, x[1].id))
    e.tables["recordings"] = [(x.started, r.name, outcome(x), v.seconds(x), gap) for r, x, gap in lines]

    rooms = {r.id for r in v.rooms_now}
    said = [m for m in v.rows("message") if m.roomid in rooms and m.created < s.cut]
    e.findings = room_findings(v) | {
        "recordings_read": len(lines),
        "messages_read": sum(m.message_status == "A" for m in said),
        "messages_removed": sum(m.message_status == "R" for m in said),
        "hidden_in_dojos": sum(v.people(r)[1] for r in v.rooms_now),
    }
    return e


def members(v: View, written):
    rows = defaultdict(lambda: [set(), 0, 0, 0, None, None])
    def row(user):
        name, why = v.name(user)
        found = rows[name, why, user if name else None]
        found[0].add(user)
        return found
    for room in v.rooms_now:
        held = v.span.local(room.date)
        for user in v.sat(room):
            r = row(user)
            r[1] += 1
            r[2] += user == room.userid
            r[4], r[5] = min(r[4] or held, held), max(r[5] or held, held)
        for user, count in written[room.id].items():
            row(user)[3] += count
    ordered = sorted(rows.items(), key=lambda x: (
        x[0][0] is None, x[0][1] == "guest", -x[1][1], -x[1][3], code_points(x[0][0] or ""), str(x[0][2])))
    rank = ranks([(x[1], x[3]) if name else None for (name, _, _), x in ordered])
    return [(n, name, why, len(x[0]), *x[1:]) for n, ((name, why, _), x) in zip(rank, ordered)]
