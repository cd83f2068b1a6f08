"""A tenant's billing, and all tenants' together, counted by hand."""
import datetime as dt
from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal

from dojos import ratio
from platform_rows import Expected, View, back, code_points, months, twins

ZERO = Decimal(0)
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def monthly(plan, price):
    """A month's revenue of a plan, four decimals kept."""
    return (price / {"M": 1, "Y": 12}[plan]).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def history(events):
    """A subscription's events in order, each with the (revenue, currency) before and after it."""
    before, currency, alive, paid = ZERO, None, True, False
    for x in sorted(events, key=lambda x: (x.at, x.kind != "created", x.id)):
        alive = alive if x.kind == "changed" else x.kind in ("created", "reactivated")
        after = monthly(x.plan, x.price) if alive else ZERO
        yield x, before, currency, after, x.currency, alive, paid
        before, currency, paid = after, x.currency, paid or after > 0


def moves(before, old, after, new, paid):
    """(currency, before, after, name of the movement): one, none, or two where the currency changes."""
    if before and after and old != new:
        return [(old, before, ZERO, "contraction"), (new, ZERO, after, "expansion")]
    if before == after:
        return []
    if not after:
        return [(old, before, after, "churn")]
    if not before:
        return [(new, before, after, "reactivation" if paid else "new")]
    return [(new, before, after, "expansion" if after > before else "contraction")]


class Books:
    """What one tenant's billing of one period is made of."""

    def __init__(self, v: View):
        self.view, s = v, v.span
        self.payments = sorted((y for y in v.rows("payment") if y.created < s.cut), key=lambda y: (y.created, y.id))
        by_billing = defaultdict(list)
        for x in v.rows("billing_event"):
            if x.at < s.cut:
                by_billing[x.billingid].append(x)
        self.histories = {b: list(history(xs)) for b, xs in by_billing.items()}
        own = v.tenant.currency
        found = ({own} | {x.currency for xs in by_billing.values() for x in xs} | {y.currency for y in self.payments})
        self.currencies = sorted(found, key=lambda c: (c != own, c))
        self.invoices = defaultdict(list)
        for y in self.payments:
            if y.kind == "charge":
                self.invoices[y.billingid, y.invoice_number, y.currency].append(y)
        self.billings = {b.id: b for b in v.rows("billing") if b.created < s.cut or b.id in self.histories}

    def own(self, billing):
        """A subscription's key in an order: those that are not the tenant's have none and come last."""
        return billing not in {b.id for b in self.view.rows("billing")}, billing if billing in self.billings else None

    def revenue(self, moment, currency):
        """Of each subscription that pays in a currency, what it paid a month just before a moment."""
        found = []
        for steps in self.histories.values():
            until = [x for x in steps if x[0].at < moment]
            if until and until[-1][4] == currency and until[-1][3]:
                found.append(until[-1][3])
        return found

    def sum(self, currency, kind, status, within):
        return sum((y.total for y in self.payments if y.currency == currency and y.kind == kind
                    and y.status == status and within(y.created)), ZERO)

    def first_tries(self, currency, within, until):
        """(amount tried, amount that failed, what of that was paid by `until`) of the invoices first tried then."""
        tried = failed = recovered = ZERO
        for (_, _, cur), charges in self.invoices.items():
            first = min(charges, key=lambda y: (y.attempt, y.created, y.id))
            if cur != currency or not within(first.created) or first.status == "pending":
                continue
            tried += first.total
            if first.status == "failed":
                failed += first.total
                recovered += min(first.total, sum((y.total for y in charges if y.status == "succeeded" and y.created < until), ZERO))
        return tried, failed, recovered

    def open(self):
        """(key, charges, amount, paid, balance, due, days late, bucket) of invoices with a balance."""
        for key, charges in self.invoices.items():
            amount = max(y.total for y in charges)
            paid = sum((y.total for y in charges if y.status == "succeeded"), ZERO)
            due = min(self.view.span.local(y.due) for y in charges)
            late = (self.view.span.as_of - due).days
            bucket = BUCKETS[0 if late <= 0 else min((late - 1) // 30 + 1, 4)]
            if amount > paid:
                yield key, charges, amount, paid, amount - paid, due, late, bucket

    def subscriptions(self):
        """(billing, id, plan, price, currency, revenue, state, since)"""
        overdue = {key[0] for key, *_, bucket in self.open() if bucket != "not_due"}
        for b in set(self.billings) | set(self.histories):
            row, steps = self.billings.get(b), self.histories.get(b)
            if not steps:
                yield row, b, row.plan, row.price, self.view.tenant.currency, ZERO, "unknown", None
                continue
            last, alive = steps[-1][0], steps[-1][5]
            ended = [x[0].kind for x in steps if x[0].kind != "changed"]
            state = ended[-1] if not alive else "past_due" if b in overdue else "active"
            yield row, b, last.plan, last.price, last.currency, steps[-1][3], state, last.at


def billing(v: View):
    e, s, books = Expected(), v.span, Books(v)
    own = v.tenant.currency
    ever = lambda _: True
    e.tables["totals"] = []
    for c in books.currencies:
        now, then = books.revenue(s.cut, c), books.revenue(s.starts, c)
        e.figure("mrr", sum(now, ZERO), sum(then, ZERO), c)
        amounts = {}
        for name, kind in (("gross", "charge"), ("refunds", "refund"), ("disputes", "dispute")):
            amounts[name] = [books.sum(c, kind, "succeeded", when) for when in (s.now, s.then)]
            e.figure(name, *amounts[name], c)
        net = [g - r - d for g, r, d in zip(*amounts.values())]
        e.figure("net", *net, c)
        pending = books.sum(c, "charge", "pending", s.now)
        balances = [x for x in books.open() if x[0][2] == c]
        outstanding = sum((x[4] for x in balances), ZERO)
        overdue = sum((x[4] for x in balances if x[7] != "not_due"), ZERO)
        e.figure("pending", pending, None, c)
        e.figure("outstanding", outstanding, None, c)
        e.figure("overdue", overdue, None, c)
        rates = []
        for when, until in ((s.now, s.cut), (s.then, s.until)):
            tried, failed, recovered = books.first_tries(c, when, until)
            rates.append((ratio(failed, tried, 6), ratio(recovered, failed, 6)))
        e.figure("first_failure_rate", rates[0][0], rates[1][0], c)
        e.figure("recovery_rate", rates[0][1], rates[1][1], c)
        e.tables["totals"].append((c, sum(now, ZERO), *(amounts[n][0] for n in amounts), net[0], pending, outstanding,
                                   overdue, *rates[0]))
    for c in books.currencies:
        e.figure("subscriptions", len(books.revenue(s.cut, c)), len(books.revenue(s.starts, c)), c)
        e.figure("overdue_invoices", sum(x[7] != "not_due" and x[0][2] == c for x in books.open()), None, c)
    e.figure("subscriptions_all", sum(len(books.revenue(s.cut, c)) for c in books.currencies))
    current = [y for y in books.payments if s.now(y.created)]
    e.figure("charges", sum(y.kind == "charge" and y.status == "succeeded" for y in current))
    e.figure("payments", len(current))
    e.figure("overdue_invoices_all", sum(x[7] != "not_due" for x in books.open()))
    e.figure("currencies", len(books.currencies))
    e.figure("payments_listed", len(current))
    e.figure("payments_of_states", len(current))

    def by_currency(name, rows):
        """A sum of rows: an amount a currency that occurs, the tenant's own where none does."""
        found = defaultdict(lambda: ZERO)
        for currency, amount in rows:
            found[currency] += amount
        for currency, amount in (found or {own: ZERO}).items():
            e.figure(name, amount, None, currency)
    paid = lambda kind: [(y.currency, y.total) for y in current if y.kind == kind and y.status == "succeeded"]
    by_currency("gross_listed", paid("charge"))
    by_currency("refunds_listed", paid("refund"))
    by_currency("overdue_listed", [(x[0][2], x[4]) for x in books.open() if x[7] != "not_due"])
    for name, of in (("mrr_moved", 0), ("mrr_started", 1), ("mrr_before", 1)):
        for c in books.currencies:
            e.figure(name, e.figures["mrr"][c][of], None, c)
    for c in books.currencies:
        e.figure("outstanding_aged", e.figures["outstanding"][c][0], None, c)

    e.tables["movement"] = [movement(books, c) for c in books.currencies]
    last = s.local(s.cut - dt.timedelta(microseconds=1)).replace(day=1)
    twelve = [back(last, n) for n in range(11, -1, -1)]
    e.chart("mrr", twelve, {"mrr": [sum(books.revenue(s.midnight(back(m, -1)), own), ZERO) for m in twelve]}, own)
    e.tables["ageing"] = []
    for c in books.currencies:
        inside = {b: [x[4] for x in books.open() if x[0][2] == c and x[7] == b] for b in BUCKETS}
        e.tables["ageing"] += [(b, len(inside[b]), sum(inside[b], ZERO), c) for b in BUCKETS]
        e.chart("ageing", BUCKETS, {"balance": [sum(inside[b], ZERO) for b in BUCKETS]}, c)

    changes = []
    for b, steps in books.histories.items():
        gateway = books.billings[b].paymentgateway if b in books.billings else None
        for x, before, old, after, new, _, was in steps:
            if x.at >= s.starts:
                changes += [(x.at, x.id, c, (s.local(x.at), gateway, x.kind, name, x.plan, x.price, f, t, t - f, c))
                            for c, f, t, name in moves(before, old, after, new, was)]
    e.tables["changes"] = [x[3] for x in sorted(changes, key=lambda x: x[:3])]
    lines = sorted(books.subscriptions(), key=lambda x: (
        x[0] is None, code_points(x[0].paymentgateway) if x[0] else s.local(x[7]), *(x[n] for n in (2, 3, 4))))
    e.tables["subscriptions"] = [
        (row and row.paymentgateway, plan, price, revenue, state, since and s.local(since),
         row and s.local(row.expirationdate), row and row.autorenew == 1, c)
        for row, _, plan, price, c, revenue, state, since in lines]
    states = defaultdict(list)
    for y in current:
        states[y.currency, y.kind, y.status].append(y.total)
    e.tables["states"] = [(k, st, len(x), sum(x), c) for (c, k, st), x in sorted(states.items())]
    late = [((due, code_points(key[1]), books.own(key[0]), key[2]), (due, key[1], min(y.payment_gateway for y in charges), amount, settled, balance, days, key[2]))
            for key, charges, amount, settled, balance, due, days, bucket in books.open() if bucket != "not_due"]
    e.tables["overdue"] = [x[1] for x in sorted(late)]
    e.tables["renewals"] = []
    for c in books.currencies:
        for days in (30, 60, 90):
            soon = [(row.autorenew == 1, price) for row, _, _, price, cur, _, state, _ in lines
                    if row and cur == c and state in ("active", "past_due")
                    and 0 <= (s.local(row.expirationdate) - s.as_of).days < days]
            on, off = [p for r, p in soon if r], [p for r, p in soon if not r]
            e.tables["renewals"].append((days, len(on), sum(on, ZERO), len(off), sum(off, ZERO), c))
    e.tables["payments"] = [
        (s.local(y.created), y.invoice_number, y.payment_gateway, y.kind, y.status, y.attempt, y.total,
         s.local(y.due), y.currency) for y in current]
    e.findings = findings(books, current, lines)
    return e


def movement(books, currency):
    s, starts, sums = books.view.span, ZERO, Counter()
    for steps in books.histories.values():
        for x, before, old, after, new, _, was in steps:
            for c, f, t, name in moves(before, old, after, new, was):
                if c == currency and x.at < s.starts:
                    starts += t - f
                elif c == currency:
                    sums[name] += t - f
    names = ("new", "reactivation", "expansion", "contraction", "churn")
    return (currency, starts, *(sums[n] for n in names), starts + sum(sums.values()))


def findings(books, current, lines):
    s, v = books.view.span, books.view
    own = {b.id for b in v.rows("billing")}
    settled = {k for k, charges in books.invoices.items() if any(y.status == "succeeded" for y in charges)}
    steps = [x for xs in books.histories.values() for x in xs]
    again = twins(
        [y for y in books.payments if y.status != "failed"],
        lambda y: (y.billingid, y.invoice_number, y.attempt, y.kind, y.status, y.total, y.currency, y.payment_gateway),
        lambda y: y.created, dt.timedelta(days=1))
    return {
        "payments_read": len(current),
        "events_read": sum(x[0].at >= s.starts for x in steps),
        "payments_of_other_subscriptions": sum(y.billingid not in own for y in current),
        "events_of_other_subscriptions": sum(x[0].billingid not in own for x in steps if x[0].at >= s.starts),
        "refunds_without_charge": sum(y.kind != "charge" and (y.billingid, y.invoice_number, y.currency) not in settled
                                      for y in current),
        "invoices_overpaid": sum(sum((y.total for y in c if y.status == "succeeded"), ZERO) > max(y.total for y in c)
                                 for c in books.invoices.values()),
        "subscriptions_without_history": sum(x[6] == "unknown" for x in lines),
        "subscriptions_active_past_expiry": sum(
            x[6] in ("active", "past_due") and x[0] is not None and s.local(x[0].expirationdate) < s.as_of for x in lines),
        "changes_after_end": sum(x[0].kind == "changed" and not x[5] for x in steps),
        "charges_alike": sum(y.kind == "charge" and y.created >= s.starts for y in again),
        "refunds_alike": sum(y.kind != "charge" and y.created >= s.starts for y in again),
        "events_alike": sum(x.at >= s.starts for x in twins(
            [x[0] for x in steps], lambda x: (x.billingid, x.kind, x.plan, x.price, x.currency), lambda x: x.at,
            dt.timedelta(days=1))),
    }


def together(views, currency):
    """All tenants' billing: nothing is converted."""
    e, s = Expected(), views[0].span
    each = [(v, billing(v), Books(v)) for v in views]
    each.sort(key=lambda x: code_points(x[0].tenant.slug))
    found = sorted({c for *_, b in each for c in b.currencies}, key=lambda c: (c != currency, c))
    money = lambda name, c, part=0: sum((x.figures[name][c][part] for _, x, _ in each if c in x.figures[name]), ZERO)
    for c in found:
        for name in ("mrr", "gross", "refunds", "disputes", "net"):
            e.figure(name, money(name, c), money(name, c, 1), c)
        for name in ("outstanding", "overdue"):
            e.figure(name, money(name, c), None, c)
        for name, of in (("mrr_moved", "mrr"), ("mrr_listed", "mrr"), ("gross_listed", "gross"), ("net_listed", "net"),
                         ("outstanding_aged", "outstanding")):
            e.figure(name, e.figures[of][c][0], None, c)
    paying = lambda moment: {v.tenant.id for v, _, b in each for c in b.currencies if b.revenue(moment(v.span), c)}
    ends, starts = lambda s: s.cut, lambda s: s.starts
    e.figure("paying_tenants", len(paying(ends)), len(paying(starts)))
    e.figure("subscriptions", *(sum(amounts[n] for _, x, _ in each for amounts in x.figures["subscriptions"].values()) for n in (0, 1)))
    for name in ("payments", "overdue_invoices"):
        e.figure(name, sum(amounts[0] for _, x, _ in each for amounts in x.figures[name].values()))
    e.figure("payments_listed", e.figures["payments"][None][0])
    e.figure("currencies", len(found))

    order = sorted(found)
    rows = defaultdict(lambda: [0, ZERO])
    for _, _, b in each:
        for _, _, plan, _, c, revenue, state, _ in b.subscriptions():
            rows[c, plan, state][0] += 1
            rows[c, plan, state][1] += revenue
    e.tables["plans"] = [(*k, *x) for k, x in sorted(rows.items())]
    sums = defaultdict(lambda: ZERO)
    for (c, _, _), (_, revenue) in rows.items():
        sums[c] += revenue
    for c, amount in (sums or {currency: ZERO}).items():
        e.figure("mrr_of_plans", amount, None, c)
    e.tables["totals"] = []
    for c in order:
        tried, failed, recovered = (sum(x) for x in zip(*(b.first_tries(c, v.span.now, v.span.cut) for v, _, b in each)))
        count = sum(len(b.revenue(v.span.cut, c)) for v, _, b in each)
        e.tables["totals"].append((
            c, sum(bool(b.revenue(v.span.cut, c)) for v, _, b in each), count, *(e.figures[n][c][0] for n in
            ("mrr", "gross", "refunds", "disputes", "net")), money("pending", c), e.figures["outstanding"][c][0],
            e.figures["overdue"][c][0], ratio(failed, tried, 6), ratio(recovered, failed, 6)))
    moved = {c: [ZERO] * 7 for c in order}
    for _, x, _ in each:
        for c, *amounts in x.tables["movement"]:
            moved[c] = [a + b for a, b in zip(moved[c], amounts)]
    e.tables["movement"] = [(c, *moved[c]) for c in order]
    e.tables["ageing"] = []
    for c in order:
        for bucket in BUCKETS:
            of = [r for _, x, _ in each for r in x.tables["ageing"] if r[0] == bucket and r[3] == c]
            e.tables["ageing"].append((c, bucket, sum(r[1] for r in of), sum((r[2] for r in of), ZERO)))
    for c in found:
        e.chart("ageing", BUCKETS, {"balance": [r[3] for r in e.tables["ageing"] if r[0] == c]}, c)
    e.tables["tenants"] = []
    for v, x, _ in each:
        for c in x.figures["mrr"]:
            f = {n: x.figures[n][c] for n in ("mrr", "gross", "refunds", "disputes", "net", "outstanding", "overdue")}
            e.tables["tenants"].append((v.tenant.slug, v.tenant.name, c, f["mrr"][0], f["mrr"][0] - f["mrr"][1],
                                        *(f[n][0] for n in list(f)[1:])))
    last = s.local(s.cut - dt.timedelta(microseconds=1)).replace(day=1)
    twelve = [back(last, n) for n in range(11, -1, -1)]
    with_events = {x[0].currency for *_, b in each for xs in b.histories.values() for x in xs}
    for c in [c for c in found if c in with_events]:
        e.chart("mrr", twelve, {"mrr": [
            sum((r for v, _, b in each for r in b.revenue(v.span.midnight(back(m, -1)), c)), ZERO) for m in twelve]}, c)
    e.findings = Counter()
    for _, x, _ in each:
        e.findings.update(x.findings)
    return e
