"""A member's own year, counted by hand from the rows of one person."""
import json
from collections import Counter

from annual import annual
from platform_rows import Expected, View


class MemberView(View):
    """What the report of one person may see."""

    def __init__(self, platform, tenant, period, day, user, privacy="names"):
        super().__init__(platform, tenant, period, day, privacy)
        self.user = user
        # Of all people of the tenant, for the places.
        self.created_now = Counter(c.userid for c in self.pocs_now if c.userid in self.own)
        self.pocs = [c for c in self.pocs if c.userid == user]
        self.pocs_now = [c for c in self.pocs_now if c.userid == user]
        self.pocs_then = [c for c in self.pocs_then if c.userid == user]
        self.rooms_now = [r for r in self.rooms_now if user in self.sat(r)]
        self.rooms_then = [r for r in self.rooms_then if user in self.sat(r)]

    @property
    def has_year_before(self): return self.platform.users[self.user].created <= self.span.previous

    @property
    def place(self):
        """(how many created at least as many, how many created anything); (None, None) where it is not told."""
        own, all_of_them = self.created_now[self.user], len(self.created_now)
        place = sum(n >= own for n in self.created_now.values())
        return (place, all_of_them) if own and all_of_them >= 10 and place * 2 <= all_of_them else (None, None)


def sharers(view):
    """Those who must have a year: who asked, is named, and did something."""
    did = {c.userid for c in view.pocs_now} | {u for r in view.rooms_now for u in view.sat(r)}
    return {u for u in did & view.own
            if getattr(view.platform.users[u], "share", "N") == "Y" and view.is_named(u) and view.name(u)[0]}


def member(v: MemberView):
    whole, e = annual(v), Expected()
    for name in ("favorites", "languages", "active_days", "streak", "busiest_month", "top_language", "pocs_listed",
                 "pocs_of_months", "pocs_of_languages", "dojos_listed", "dojos_of_months"):
        e.figure(name, whole.figures[name][None][0])
    for name in ("pocs", "dojos"):
        value, previous = whole.figures[name][None]
        e.figure(name, value, previous if v.has_year_before else None)
    e.leads = {name: lead for name, lead in whole.leads.items() if name in ("busiest_month", "top_language")}
    e.figure("dojos_opened", sum(r.userid == v.user for r in v.rooms_now))
    e.figure("days_listed", whole.figures["active_days"][None][0])
    e.figure("place", v.place[0])
    e.figure("authors", v.place[1])
    e.charts = [chart for chart in whole.charts if chart[0] in ("calendar", "by_month", "languages")]
    return e


def members_of(platform, tenant, data, period, day):
    """Each person's folder of a release, and what it may see. A person is known by the name on their report."""
    whole = View(platform, tenant, period, day)
    named = {}
    for user in whole.own:
        if whole.is_named(user):
            named.setdefault(whole.name(user)[0], []).append(user)
    taken = set()
    for report in sorted(data.glob("own/*/report.json")):
        model = json.loads(report.read_text())
        # Of people with one name, it is one who asked: their numbers tell them apart.
        pocs = next(int(f["amounts"][0]["value"]) for f in model["figures"] if f["name"] == "pocs")
        days = {f["name"]: f for f in model["figures"]}["active_days"]["amounts"][0]["value"]
        views = [MemberView(platform, tenant, period, day, u)
                 for u in sorted(named[model["person"]]) if u in sharers(whole) and u not in taken]
        found = [v for v in views if (len(v.pocs_now), str(member(v).figures["active_days"][None][0])) == (pocs, days)]
        taken.add((found or views)[0].user)
        yield report.parent, (found or views)[0]
