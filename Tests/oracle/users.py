"""The users of a tenant, counted by hand."""
from collections import Counter, defaultdict

from dojos import ratio
from platform_rows import Expected, View, back, code_points, months, ranks


def users(v: View):
    e, s = Expected(), v.span
    there = [u for u in v.rows("user") if u.created < s.cut]
    pocs, favourites, dojos, opened, words, last = Counter(), Counter(), Counter(), Counter(), Counter(), {}
    cut_off = [u.created for u in there]

    def seen(user, moment):
        last[user] = max(last.get(user, s.first), s.local(moment))
    for c in v.pocs_now:
        pocs[c.userid] += 1
        favourites[c.userid] += c.favorite == "Y"
        seen(c.userid, c.created)
    for r in v.rooms_now:
        for user in v.sat(r):
            dojos[user] += 1
            opened[user] += user == r.userid
            seen(user, r.date)
    said = [m for m in v.rows("message") if m.message_status == "A"]
    for m in said:
        if s.now(m.created):
            words[m.userid] += 1
            seen(m.userid, m.created)
    active = set(pocs) | set(dojos) | set(words)
    was_active = ({c.userid for c in v.pocs_then} | {u for r in v.rooms_then for u in v.sat(r)}
                  | {m.userid for m in said if s.then(m.created)})

    e.figure("users", len(there), sum(u.created < s.until for u in there))
    e.figure("joined", sum(s.now(u.created) for u in there), sum(s.then(u.created) for u in there))
    e.figure("active", sum(u.id in active for u in there), sum(u.id in was_active for u in there))
    e.figure("inactive", sum(u.id not in active for u in there))
    e.figure("confirmed", sum(u.account_status == "A" for u in there))
    e.figure("unconfirmed", sum(u.account_status == "C" for u in there))
    e.figure("authors", sum(u.id in pocs for u in there))
    e.figure("participants", sum(u.id in dojos for u in there))
    e.figure("writers", sum(u.id in words for u in there))
    e.figure("active_share", *(ratio(p, w, 6) for p, w in zip(e.figures["active"][None], e.figures["users"][None])))
    ids = {u.id for u in there}
    e.figure("data_cut_off", max(
        cut_off + [c.created for c in v.pocs_now if c.userid in ids]
        + [r.date for r in v.rooms_now if v.sat(r) & ids]
        + [m.created for m in said if s.now(m.created) and m.userid in ids], default=None))
    e.figure("users_listed", len(there))
    e.figure("users_of_states", len(there))
    e.figure("active_of_states", e.figures["active"][None][0])

    twelve = [m for m in months(back(s.after, 12), s.after) if s.midnight(m) < s.cut]
    joined = Counter(s.local(u.created).replace(day=1) for u in there)
    until = lambda m: sum(s.local(u.created) < back(m, -1) for u in there)
    e.tables["months"] = [(m, joined[m], until(m)) for m in twelve]
    e.chart("joined", twelve, {"joined": [joined[m] for m in twelve]})
    e.chart("growth", twelve, {"users": [until(m) for m in twelve]})

    states = Counter((u.account_status, "active" if u.id in active else "inactive") for u in there)
    e.tables["states"] = [(*state, n) for state, n in sorted(states.items())]

    rows = defaultdict(list)
    for u in there:
        name, why = v.name(u.id)
        rows[name, why, u.id if name else None].append(u)
    lines = []
    for (name, why, key), of in rows.items():
        total = lambda counter: sum(counter[u.id] for u in of)
        one = of[0] if name else None
        lines.append((name, why, len(of), one and one.account_status,
                      one and ("active" if one.id in active else "inactive"), one and s.local(one.created),
                      total(pocs), total(favourites), total(dojos), total(opened), total(words),
                      last.get(one.id) if one else None, str(key)))
    lines.sort(key=lambda r: (r[0] is None, -r[6], -r[8], -r[10], code_points(r[0] or ""), r[-1]))
    rank = ranks([(r[6], r[8], r[10]) if r[0] is not None else None for r in lines])
    e.tables["users"] = [(n, *r[:-1]) for n, r in zip(rank, lines)]

    guests = ({c.userid for c in v.pocs_now} | {u for r in v.rooms_now for u in v.sat(r)}) - v.own
    e.findings = {
        "users_read": len(there),
        "users_hidden": sum(v.name(u.id)[0] is None for u in there),
        "users_active_unconfirmed": sum(u.id in active and u.account_status == "C" for u in there),
        "guests_left_out": len(guests),
    }
    return e
