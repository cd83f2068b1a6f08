"""What each message claims, and how it is counted a second time. A message of a page or film is a claim, with a checker, or
a label; `sentences.py` fails for one that is neither.
"""
import datetime as dt
import re
from collections import Counter

from annual import longest_run, remarkable
from platform_rows import language

CHECKERS = {}

# Names of things, and words of the page itself. What is said beside a number of a figure or in a table's cell is read with
# the figure (`before`) or compared with the rows by check.py.
LABELS = re.compile(r"""
    .*\.(figures|definitions|sections|columns|charts|tables)\.\w+ | (.*\.)?terms\.\w+\.\w+ | store\.\w+
  | member\.(made_with|consent|empty)
  | film\.(kinds|page)\.\w+ | film\.(thanks|sound) | annual\.(film|highlights_note|remarkable_note) | plus\.\w+
  | page\.(skip|as_of|made_with|not_defined|definition|definitions|quality|files|model|csv|spreadsheet|workbook|all_tables|no_rows|none|numbers
      |total|yes|no|seconds|previous|next|search|picture|version|others
      |contents|to_top|copy|copied|cards|card_wide|card_square|card_tall|time_zone|same_days_of)
  # What the drawing of a cover is made of.
  | page\.cover\.\w+
  # Words of a chart's scales. Its numbers stand in its table, which check.py compares with the rows.
  | page\.(count|not_drawn|range|from_to|or_more|less_than|points)
  # What mails say beside figures of their report, which bear the figures' names, and of a run's own counts.
  | mail\.\w+(\.\w+)?
  # What figures are compared with: read with each figure, and with each sentence that has {compared}.
  | page\.(before|before_day|before_undated|before_start|no_base) | (annual\.)?compared\.(whole|same_days)
""", re.VERBOSE)


def is_label(key):
    return LABELS.fullmatch(key) is not None


def claim(*keys):
    def add(check):
        for key in keys:
            assert key not in CHECKERS, key
            CHECKERS[key] = check
        return check
    return add


# Counts of the rows that several claims need.

def languages(page): return Counter(map(language, page.view.pocs_now))
def named(page): return {k: n for k, n in languages(page).items() if k is not None}
def weekdays(page): return Counter(page.span.local(r.date).weekday() for r in page.view.rooms_now)


def days(page):
    local = page.span.local
    return Counter([local(c.created) for c in page.view.pocs_now] + [local(r.date) for r in page.view.rooms_now])


def holders(counts):
    """Who has the greatest count."""
    best = max(counts.values(), default=0)
    return [k for k, n in counts.items() if n == best and n > 0]


def leads(counts, key):
    """Whether one has more than each other."""
    return holders(counts) == [key]


def is_more_than_half(part, whole): return part * 2 > whole


def is_compared_with(page, phrase):
    """Whether a sentence says what it is compared with: all of the period before, or the same days of it."""
    if not page.is_compared:
        return False
    if not page.span.provisional:
        return phrase == page.catalog.text("compared.whole", page.pipeline)
    before = page.spoken.period(page.span.name, page.span.before)
    return phrase == page.catalog.text("compared.same_days", page.pipeline, before=before)


# Figures against the period before.

def compares(figure):
    def value(page, text):
        now, then = page.value(figure)
        return page.spoken.is_number(text, now), now, then

    def more(page, compared, **g):
        said, now, then = value(page, g[figure])
        return (said and now > then > 0 and is_compared_with(page, compared)
                and page.spoken.is_change(g[f"{figure}__change"], now, then))

    def fewer(page, compared, **g):
        said, now, then = value(page, g[figure])
        return (said and 0 < now < then and is_compared_with(page, compared)
                and page.spoken.is_change(g[f"{figure}__change"], now, then))

    def times(page, compared, **g):
        said, now, then = value(page, g[figure])
        return (said and then > 0 and now / then >= 1.95 and is_compared_with(page, compared)
                and page.spoken.is_number(g[f"{figure}__times"], page.ratio(now, then)))

    def same(page, compared, **g):
        said, now, then = value(page, g[figure])
        return said and now == then > 0 and is_compared_with(page, compared)

    def plain(page, **g):
        said, now, _ = value(page, g[figure])
        return said and now > 0

    return {"more": more, "fewer": fewer, "times": times, "same": same, "plain": plain}


for prefix, figure in (("annual.pocs", "pocs"), ("annual.dojos", "dojos"), ("dojos.dojos", "dojos")):
    for form, check in compares(figure).items():
        claim(f"{prefix}.{form}")(check)
claim("annual.pocs.one")(lambda page: len(page.view.pocs_now) == 1)
claim("dojos.dojos.one")(lambda page: len(page.view.rooms_now) == 1)


# A member's own year.

for form in ("times", "more", "plain"):
    claim(f"member.year.{form}")(compares("pocs")[form])
claim("member.year.one")(lambda page: len(page.view.pocs_now) == 1 and not page.view.rooms_now)
claim("member.year.dojos")(lambda page, dojos: not page.view.pocs_now and took_part(page, dojos))
claim("member.dojos.plain")(lambda page, dojos: took_part(page, dojos) and not opened(page))
claim("member.dojos.opened")(lambda page, dojos, dojos_opened: took_part(page, dojos) and opened(page)
                             and page.spoken.is_number(dojos_opened, opened(page)))
claim("member.streak.plain")(lambda page, **g: streak(page, g["streak"]))
claim("member.by_month.peak")(lambda page, **g: CHECKERS["annual.by_month.peak"](page, **g))
for form in ("all", "most", "top", "plain"):
    claim(f"member.languages.{form}")(lambda page, form=form, **g: CHECKERS[f"annual.languages.{form}"](page, **g))


def opened(page): return sum(r.userid == page.view.user for r in page.view.rooms_now)
def took_part(page, text): return page.spoken.is_number(text, len(page.view.rooms_now))


@claim("member.place.first")
def _(page, authors):
    place, of = page.view.place
    return place == 1 and page.spoken.is_number(authors, of)


@claim("member.place.among")
def _(page, place, authors):
    own, of = page.view.place
    return own is not None and page.spoken.is_number(place, own) and page.spoken.is_number(authors, of)


# Days and streaks.

def streak(page, text): return page.spoken.is_number(text, longest_run(set(days(page))))


@claim("annual.rhythm.streak")
def _(page, busiest_day, busiest_day_count, **g):
    day, = holders(days(page))
    return (streak(page, g["streak"]) and busiest_day == page.spoken.date(day)
            and page.spoken.is_number(busiest_day_count, days(page)[day]))


@claim("annual.rhythm.streak_shared")
def _(page, busiest_day_count, **g):
    return streak(page, g["streak"]) and page.spoken.is_number(busiest_day_count, max(days(page).values()))


claim("annual.rhythm.steady")(lambda page, **g: streak(page, g["streak"]) and max(days(page).values()) == 1)


@claim("annual.rhythm.days")
def _(page, active_days, busiest_day):
    day, = holders(days(page))
    return page.spoken.is_number(active_days, len(days(page))) and busiest_day == page.spoken.date(day)


@claim("annual.rhythm.days_shared")
def _(page, active_days, busiest_day_count):
    return (page.spoken.is_number(active_days, len(days(page)))
            and page.spoken.is_number(busiest_day_count, max(days(page).values())))


@claim("annual.rhythm.even")
def _(page, active_days):
    return page.spoken.is_number(active_days, len(days(page))) and set(days(page).values()) == {1}


# Languages.

claim("annual.languages.all")(lambda page, top_language: set(languages(page)) == {top_language})
claim("annual.languages.only")(lambda page, top_language: set(named(page)) == {top_language})


def is_number_of_languages(page, text): return page.spoken.is_number(text, len(named(page)))


@claim("annual.languages.each")
def _(page, languages):
    return is_number_of_languages(page, languages) and set(named(page).values()) == {1}


@claim("annual.languages.equal")
def _(page, top_language__names):
    return page.spoken.is_list(top_language__names, list(named(page))) and len(set(named(page).values())) == 1


@claim("annual.languages.equal_many")
def _(page, languages):
    return is_number_of_languages(page, languages) and len(set(named(page).values())) == 1


@claim("annual.languages.shared")
def _(page, top_language__names, top_language__peak):
    return (page.spoken.is_list(top_language__names, holders(named(page))) and len(holders(named(page))) > 1
            and page.spoken.is_number(top_language__peak, max(named(page).values()))
            and languages(page)[None] <= max(named(page).values()))


@claim("annual.languages.no_leader")
def _(page, languages):
    return is_number_of_languages(page, languages) and len(holders(named(page))) > 1


@claim("annual.languages.most")
def _(page, top_language, **g):
    return (is_number_of_languages(page, g["languages"])
            and is_more_than_half(named(page)[top_language], len(page.view.pocs_now)))


@claim("annual.languages.top")
def _(page, top_language, **g):
    return (is_number_of_languages(page, g["languages"]) and leads(named(page), top_language)
            and languages(page)[None] <= named(page)[top_language])


claim("annual.languages.plain")(lambda page, **g: is_number_of_languages(page, g["languages"]))


@claim("annual.new_languages.plain")
def _(page, new_languages):
    known = {language(c) for c in page.view.rows("pocuser") if c.created < page.span.starts}
    return page.spoken.is_number(new_languages, len(set(named(page)) - known))


# Days of the week.

def on(page, g):
    """The number of the day of the week that a sentence names."""
    text = next(iter(g.values()))
    return next(n for n in range(7) if text in (page.spoken.weekday(n), page.spoken.on_weekdays(n)))


for pipeline in ("annual", "dojos"):
    claim(f"{pipeline}.weekday.all")(lambda page, **g: set(weekdays(page)) == {on(page, g)})
    claim(f"{pipeline}.weekday.most")(
        lambda page, **g: is_more_than_half(weekdays(page)[on(page, g)], len(page.view.rooms_now)))
    claim(f"{pipeline}.weekday.top")(lambda page, **g: leads(weekdays(page), on(page, g)))
    claim(f"{pipeline}.weekday.two")(lambda page, **g: len(holders(weekdays(page))) == 2 and page.spoken.is_list(
        next(iter(g.values())), [page.spoken.weekday(n) for n in holders(weekdays(page))]))


# People and favourites.

claim("annual.members.plain")(lambda page, members: page.spoken.is_number(members, page.value("members")[0]))
claim("annual.favorites.plain")(
    lambda page, favorites: page.spoken.is_number(favorites, sum(c.favorite == "Y" for c in page.view.pocs_now)))


@claim("dojos.people.plain")
def _(page, participants, attendance):
    sat = [page.view.sat(r) for r in page.view.rooms_now]
    return (page.spoken.is_number(participants, len(set().union(*sat)))
            and page.spoken.is_number(attendance, page.ratio(sum(map(len, sat)), len(sat))))


def is_recorded(page, text):
    return page.spoken.is_number(text, sum(bool(page.view.recordings[r.id]) for r in page.view.rooms_now))


@claim("dojos.recordings.gaps")
def _(page, recorded_dojos, gaps):
    return is_recorded(page, recorded_dojos) and page.spoken.is_duration(gaps, page.value("gaps")[0])


claim("dojos.recordings.plain")(
    lambda page, recorded_dojos: is_recorded(page, recorded_dojos) and not page.value("gaps")[0])


def users(page): return [u for u in page.view.rows("user") if u.created < page.span.cut]


@claim("users.users.joined")
def _(page, joined, active, **g):
    return (page.spoken.is_number(joined, sum(page.span.now(u.created) for u in users(page)))
            and page.spoken.is_number(active, page.value("active")[0])
            and page.spoken.is_number(g["users"], len(users(page))))


@claim("users.users.active")
def _(page, active, **g):
    return page.spoken.is_number(active, page.value("active")[0]) and page.spoken.is_number(g["users"], len(users(page)))


@claim("users.users.plain")
def _(page, **g):
    return page.spoken.is_number(g["users"], len(users(page))) and page.value("active")[0] == 0


@claim("users.confirmation.some")
def _(page, unconfirmed):
    return page.spoken.is_number(unconfirmed, sum(u.account_status == "C" for u in users(page)))


claim("users.confirmation.all")(lambda page: all(u.account_status == "A" for u in users(page)) and users(page))


# Money. What is said of an amount is said of the same currency.

def subscriptions(page, text, every=False):
    own = page.value("subscriptions", page.own)[0]
    return page.spoken.is_number(text, own) and (not every or page.value("subscriptions_all")[0] == own)


def is_mrr(page, text): return page.spoken.is_number(text, page.value("mrr", page.own)[0])


@claim("billing.mrr.more")
def _(page, count, mrr, mrr__change):
    now, then = page.value("mrr", page.own)
    return (subscriptions(page, count, every=True) and is_mrr(page, mrr) and now > then > 0
            and page.spoken.is_change(mrr__change, now, then))


@claim("billing.mrr.less")
def _(page, count, mrr, mrr__change):
    now, then = page.value("mrr", page.own)
    return (subscriptions(page, count, every=True) and is_mrr(page, mrr) and then > now
            and page.spoken.is_change(mrr__change, now, then))


claim("billing.mrr.plain")(lambda page, count, mrr: subscriptions(page, count, every=True) and is_mrr(page, mrr))
claim("billing.mrr.one_currency")(lambda page, count, mrr, mrr__currency: subscriptions(page, count)
                                  and is_mrr(page, mrr) and mrr__currency == page.own)


@claim("billing.overdue.some")
def _(page, overdue_invoices, overdue):
    late = {c: x[0] for c, x in page.e.figures["overdue_invoices"].items() if x[0]}
    return (list(late) == [page.own] and page.spoken.is_number(overdue_invoices, late[page.own])
            and page.spoken.is_number(overdue, page.value("overdue", page.own)[0]))


claim("billing.overdue.several_currencies")(
    lambda page, overdue_invoices_all: page.spoken.is_number(overdue_invoices_all, page.value("overdue_invoices_all")[0]))
claim("billing.overdue.none")(lambda page: page.value("overdue_invoices_all")[0] == 0)


@claim("platform-billing.tenants.plain")
def _(page, paying_tenants, subscriptions):
    return (page.spoken.is_number(paying_tenants, page.value("paying_tenants")[0])
            and page.spoken.is_number(subscriptions, page.value("subscriptions")[0]))


claim("platform-billing.overdue.some")(
    lambda page, overdue_invoices: page.spoken.is_number(overdue_invoices, page.value("overdue_invoices")[0]))
claim("platform-billing.overdue.none")(lambda page: page.value("overdue_invoices")[0] == 0)
claim("platform-billing.left_out.some")(
    lambda page, tenants_left_out: page.spoken.is_number(tenants_left_out, page.skipped) and page.skipped > 0)


# Highlights: of one that has more than each other.

def highlight(rule, counts, least=2):
    @claim(f"annual.says.rule.{rule}")
    def _(page, amount, **g):
        found = counts(page)
        key, = holders({k: n for k, n in found.items() if n is not None})
        title, shown = g.get("title"), found[key] // 60 if rule == "longest_dojo" else found[key]
        when = page.spoken.month(key) if "day__month" in g else None
        return (found[key] >= least and page.spoken.is_number(amount, shown)
                and (when is None or g["day__month"] == when)
                and (title is None or title == page.one_line(name_of(page, rule, key)))
                and ("day" not in g or g["day"] == page.spoken.short_date(day_of(page, rule, key))))


def name_of(page, rule, key):
    return page.view.name(key)[0] if rule == "top_author" else rooms(page)[key].name


def day_of(page, rule, key): return page.span.local(rooms(page)[key].date) if rule.endswith("_dojo") else key
def rooms(page): return {r.id: r for r in page.view.rooms_now}


highlight("busiest_month", lambda page: Counter(page.span.local(c.created).replace(day=1) for c in page.view.pocs_now))
highlight("longest_dojo", lambda page: {r.id: page.view.length(r) for r in page.view.rooms_now}, least=60)
highlight("largest_dojo", lambda page: {r.id: len(page.view.sat(r)) for r in page.view.rooms_now})
highlight("top_author", lambda page: Counter(c.userid for c in page.view.pocs_now))


# Remarkable days: found a second time by the same words of their rules.

def is_remarkable(rule):
    @claim(f"annual.says.rule.{rule}")
    def _(page, **g):
        (day, _, _, _, title, amount, _), = [x for x in remarkable(page.view) if x[2] == rule]
        return (g["day__long"] == page.spoken.date(day)
                and ("title" not in g or g["title"] == page.one_line(title))
                and ("amount" not in g or page.spoken.is_number(g["amount"], amount)))


for rule in ("first", "most", "streak", "comeback", "together"):
    is_remarkable(rule)


@claim("annual.by_month.peak")
def _(page, busiest_month, busiest_month__peak):
    months = Counter(page.span.local(c.created).month for c in page.view.pocs_now)
    month, = holders(months)
    return busiest_month == page.spoken.month_name(month) and page.spoken.is_number(busiest_month__peak, months[month])


@claim("annual.week.peak")
def _(page, week_day, week_hour):
    (day, hour), = holders(hours(page))
    return week_day == page.spoken.on_weekdays(day) and week_hour == page.spoken.hour(hour)


def hours(page):
    at = [c.created for c in page.view.pocs_now] + [r.date for r in page.view.rooms_now]
    return Counter((page.span.local(x).weekday(), x.astimezone(page.span.zone).hour) for x in at)


@claim("annual.says.rule.first_poc")
def _(page, title, day):
    first, *others = page.view.pocs_now
    return (page.one_line(first.name) == title and page.spoken.short_date(page.span.local(first.created)) == day
            and all(c.created > first.created for c in others))


# Nothing to report. A period that is over is not told as one that can still change.

def nothing(page): return not page.view.pocs_now and not page.view.rooms_now
def is_here(page, g): return all(page.one_line(page.tenant_name) == g["tenant"] for _ in [0] if "tenant" in g) and (
    g.get("period") in (None, page.spoken.period(page.span.name, page.span.first)))


def ends(page): return not page.span.provisional
claim("annual.empty.lead", "annual.empty.more")(lambda page, **g: nothing(page) and ends(page) and is_here(page, g))
claim("annual.empty.lead_so_far", "annual.empty.more_so_far")(
    lambda page, **g: nothing(page) and not ends(page) and is_here(page, g))
claim("dojos.empty.lead")(lambda page: not page.view.rooms_now)
claim("dojos.empty.wait")(lambda page, **g: not page.view.rooms_now and not ends(page) and is_here(page, g))
claim("users.empty.lead")(lambda page: not users(page))
claim("users.empty.more")(lambda page, **g: not users(page) and ends(page) and is_here(page, g))
claim("users.empty.more_so_far")(lambda page, **g: not users(page) and not ends(page) and is_here(page, g))


def nothing_billed(page, **g):
    return not page.value("payments")[0] and not sum(
        x[0] for n in ("subscriptions_all", "subscriptions") for x in page.e.figures.get(n, {}).values()) and is_here(page, g)


claim("billing.empty.lead", "billing.empty.more", "platform-billing.empty.lead", "platform-billing.empty.more")(nothing_billed)
# A film's words; StitchTests holds them against the film's own rows.
claim("film.empty", "film.empty_so_far", "film.mosaic")(lambda page, **g: False)


# Which days are compared.

@claim("compared.dates")
def _(page, first, last, before):
    s = page.span
    return (s.provisional and page.is_compared and (s.day.month, s.day.day) == (s.same_day.month, s.same_day.day)
            and (first, last) == (page.spoken.day_and_month(s.first), page.spoken.date(s.day))
            and before == page.spoken.period(s.name, s.before))


@claim("compared.spans")
def _(page, first, last, previous_first, previous_last):
    s, spoken = page.span, page.spoken
    return (s.provisional and page.is_compared
            and (first, last) == (spoken.day_and_month(s.first), spoken.date(s.day))
            and (previous_first, previous_last) == (spoken.day_and_month(s.before), spoken.date(s.same_day)))


claim("compared.undated")(lambda page, **g: False)  # Every report of the project depends on the day.


@claim("compared.none", "platform-billing.compared.none")
def _(page, before, since):
    first = min(v.span.local(v.tenant.created) for v in page.views)
    return (not page.is_compared and first > page.span.before and since == page.spoken.date(first)
            and before == page.spoken.period(page.span.name, page.span.before))


# Data quality.

def finding(rule):
    return lambda page, count: page.spoken.is_number(count, page.findings(rule))


for pipeline, rules in {
    "annual": "pocs_read dojos_read pocs_without_language pocs_without_description pocs_of_hidden pocs_of_guests guests_in_dojos "
              "dojos_inactive dojos_without_recording dojos_of_unknown_length recordings_without_end "
              "recordings_end_before_start recordings_not_shown recordings_of_other_rooms screenshots_of_other_pocs "
              "pocs_alike pocs_of_unknown_day dojos_of_unknown_day recordings_alike recordings_without_start",
    "billing": "payments_read events_read payments_of_other_subscriptions events_of_other_subscriptions "
               "refunds_without_charge invoices_overpaid subscriptions_without_history subscriptions_active_past_expiry "
               "changes_after_end charges_alike refunds_alike events_alike payments_of_unknown_due "
               "payments_of_unknown_day events_of_unknown_day subscriptions_of_unknown_expiry",
    "dojos": "dojos_read recordings_read messages_read messages_removed dojos_inactive dojos_without_recording "
             "dojos_of_unknown_length recordings_without_end recordings_end_before_start recordings_of_other_rooms "
             "hidden_in_dojos guests_in_dojos dojos_of_unknown_day recordings_alike recordings_without_start",
    "users": "users_read users_hidden users_active_unconfirmed guests_left_out users_of_unknown_day",
    "platform-billing": "tenants_read tenants_left_out payments_read events_read payments_of_other_subscriptions "
                        "events_of_other_subscriptions refunds_without_charge invoices_overpaid "
                        "subscriptions_without_history subscriptions_active_past_expiry changes_after_end "
                        "charges_alike refunds_alike events_alike payments_of_unknown_due payments_of_unknown_day "
                        "events_of_unknown_day subscriptions_of_unknown_expiry",
}.items():
    for rule in rules.split():
        claim(f"{pipeline}.quality.{rule}")(finding(rule))

claim("page.tied")(lambda page, ties: page.spoken.is_number(ties, page.ties))


@claim("page.data_up_to")
def _(page, moment):
    cut_off = page.value("data_cut_off")[0].astimezone(page.span.zone)
    return moment == f"{page.spoken.short_date(cut_off.date())} {cut_off:%H:%M}"


# Tables and charts.

claim("page.rows")(lambda page, count: page.spoken.is_number(count, page.rows_of_file))
claim("page.pages_of_rows")(lambda page, count: any(page.spoken.is_number(count, n) for n in page.row_counts))


@claim("page.cut", "page.found")
def _(page, shown, rows):
    return any(page.spoken.is_number(rows, n) for n in page.row_counts) and page.spoken.number(shown) <= page.spoken.number(rows)


@claim("page.page_of_rows", "page.rows_of_page")
def _(page, first, last, rows=None):
    return first.isdecimal() and last.isdecimal() and int(first) <= int(last) and (
        rows is None or any(page.spoken.is_number(rows, n) for n in page.row_counts))


def points(page, series):
    """(titles, values) of a chart's series, by its title; the sum of the rows beyond the shown ones is no point."""
    chart, _, labels, columns, _ = page.chart
    if chart == "week":
        # All squares together.
        if series not in page.titles("columns", "activities"):
            raise ValueError(series)
        squares = [(f"{page.spoken.weekday(int(d))}, {page.spoken.hour(h)}", n) for d in columns for h, n in enumerate(columns[d])]
        return [title for title, _ in squares], [n for _, n in squares]
    if chart == "language_months":
        if series not in page.titles("columns", "pocs"):
            raise ValueError(series)
        parts = [(f"{l}, {title}", n) for l in columns for title, n in zip(page.chart_titles(labels), columns[l])]
        return [title for title, _ in parts], [n for _, n in parts]
    name, = [n for n in columns if series in page.titles("columns", n)]
    return page.chart_titles(labels), list(columns[name])


@claim("page.chart_most")
def _(page, series, value, label):
    titles, values = points(page, series)
    most = max(values)
    return values.count(most) == 1 and page.spoken.is_amount(value, most) and titles[values.index(most)] == label


@claim("page.chart_most_shared")
def _(page, series, value, count):
    _, values = points(page, series)
    return (values.count(max(values)) > 1 and page.spoken.is_number(count, values.count(max(values)))
            and page.spoken.is_amount(value, max(values)))
