"""Compares what a store's newest releases say with what their rows say, counted a second time in plain Python that
shares nothing with pipelines/: every figure and its change, every chart, every row of every table, every finding.

    check.py DSN STORE --day 2026-11-20 [--currency USD] [--skip SLUG …]

--day is the run's --as-of, --currency the operator's, --skip tenants that `platform-billing` leaves out.
"""
import argparse
import csv
import datetime as dt
import json
import pathlib
import sys
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from zoneinfo import ZoneInfo

from annual import annual
from billing import billing, together
from dojos import dojos
from member import member, members_of, sharers
from platform_rows import Platform, View
from spoken import Spoken
from users import users

# Figures whose previous value is that of the period's first moment.
AT_START = ("mrr", "subscriptions", "paying_tenants")
REPORTS = {"annual": annual, "billing": billing, "dojos": dojos, "users": users}


def plain(value):
    """A value as two sides can be compared: numbers as Decimal, moments as UTC, all else as text; None is ''."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc)
    if isinstance(value, (int, Decimal)):
        return Decimal(value)
    return str(value)


def read(text, like):
    """A text of a report, taken for what the expected value is."""
    try:
        if isinstance(like, Decimal):
            return Decimal(text)
        if isinstance(like, dt.datetime):
            return dt.datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "T")).astimezone(dt.timezone.utc)
    except (InvalidOperation, ValueError):
        pass
    return text


def change(value, previous):
    if not isinstance(value, Decimal) or not isinstance(previous, Decimal) or previous <= 0:
        return ""
    # Six decimals, or as many more as tell it from nothing, from all and from twice as much.
    with localcontext(prec=100):
        exact = (value - previous) / previous
        for places in range(6, 60):
            rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
            if rounded == exact or rounded not in (0, 1, -1):
                return rounded


class Check:
    def __init__(self):
        self.faults, self.counts = [], Counter()

    def equal(self, what, found, expected, kind):
        self.counts[kind] += 1
        if found != expected:
            self.faults.append(f"{what}: the report says {found!r}, the rows {expected!r}")

    def release(self, data, expected):
        model = json.loads((data / "report.json").read_text())
        where = f"{model['tenant']['slug']} {model['pipeline']} {model['period']['name']}"
        self.figures(where, model, expected)
        self.charts(where, model, expected)
        self.tables(where, model, expected, data)
        found = {x["rule"]: x["rows"] for x in model["findings"] if not x["rule"].startswith("tenants_")}
        self.equal(f"{where} findings", found, {k: n for k, n in expected.findings.items() if n}, "findings")

    def figures(self, where, model, expected):
        names = {x["name"] for x in model["figures"]} - {"tenants_left_out"}
        self.equal(f"{where} figures", sorted(names), sorted(expected.figures), "lists")
        own = model["tenant"]["currency"]
        for figure in model["figures"]:
            if figure["name"] == "tenants_left_out":
                continue
            amounts = expected.figures.get(figure["name"], {})
            order = [x.get("currency") for x in figure["amounts"]]
            self.equal(f"{where} {figure['name']} currencies", order,
                       sorted(amounts, key=lambda c: (c != own, c or "")), "lists")
            lead = figure.get("lead")
            found = lead and (sorted(lead["names"]), Decimal(lead["value"]), Decimal(lead["total"]))
            if (wanted := expected.leads.get(figure["name"])) and len(wanted[0]) > 12:
                found, wanted = lead and lead["count"], len(wanted[0])
            self.equal(f"{where} {figure['name']} lead", found, wanted, "leads")
            for amount in figure["amounts"]:
                value, previous = map(plain, amounts.get(amount.get("currency"), (None, None)))
                name = f"{where} {figure['name']} {amount.get('currency', '')}"
                for key, like in (("value", value), ("previous", previous), ("change", change(value, previous))):
                    text = amount.get(key, amount.get("text", "") if key == "value" else "")
                    self.equal(f"{name} {key}", read(text, like), like, "figures")

    def charts(self, where, model, expected):
        found = [(c["name"], c.get("currency"), c["labels"],
                  {x["name"]: list(map(Decimal, x["values"])) for x in c["series"]},
                  (c["others"]["count"], list(map(Decimal, c["others"]["values"]))) if "others" in c else None)
                 for c in model["charts"]]
        self.equal(f"{where} charts", sorted((c[0], c[1] or "") for c in found),
                   sorted((c[0], c[1] or "") for c in expected.charts), "lists")
        for name, currency, labels, series, others in expected.charts:
            for chart in (c for c in found if c[:2] == (name, currency)):
                series = {k: list(map(Decimal, v)) for k, v in series.items()}
                others = others and (others[0], list(map(Decimal, others[1])))
                self.equal(f"{where} {name} {currency or ''}", chart[2:], (labels, series, others), "charts")
        for chart in model["charts"]:
            name = chart["name"]
            before = {x["name"]: list(map(Decimal, x["previous"])) for x in chart["series"] if "previous" in x}
            self.equal(f"{where} {name} before", before, expected.previous.get(name, {}), "charts")
            if (rest := chart.get("series_others")) or name in expected.other_series:
                self.equal(f"{where} {name} other series", rest and (rest["count"], list(map(int, rest["values"]))),
                           expected.other_series.get(name), "charts")

    def tables(self, where, model, expected, data):
        for table in model["tables"]:
            if "spreadsheet" not in table or table["name"] == "left_out":
                continue
            name, columns = f"{where} {table['file']}", [c["name"] for c in table["columns"]]
            with open(data / table["file"], newline="", encoding="utf-8") as file:
                header, *rows = csv.reader(file)
            wanted = [[plain(x) for x in row] for row in expected.tables[table["name"]]]
            self.equal(f"{name} header", header, columns, "lists")
            self.equal(f"{name} rows", (len(rows), table["rows"]), (len(wanted), len(wanted)), "lists")
            for number, (row, want) in enumerate(zip(rows, wanted)):
                self.equal(f"{name} row {number + 1}", [read(x, y) for x, y in zip(row, want)], want, "rows")
            self.sums(name, table, wanted, columns, model["tenant"]["currency"])
            self.spreadsheet(name, data / table["spreadsheet"], table, rows, model["tenant"]["locale"])

    def sums(self, name, table, wanted, columns, own):
        for place, column in enumerate(table["columns"]):
            if "sums" not in column:
                continue
            money = column["format"] == "money"
            sums = Counter()
            for row in wanted:
                if row[place] != "":
                    sums[row[columns.index("currency")] if money else None] += row[place]
            found = {x.get("currency"): Decimal(x["value"]) if "value" in x else None for x in column["sums"]}
            if not sums:
                sums[own if money else None] = Decimal(0) if money or not wanted else None
            self.equal(f"{name} sum of {column['name']}", found, dict(sums), "sums")

    def spreadsheet(self, name, path, table, rows, locale):
        """The same rows for people: numbers with the locale's separator, no text that begins like a formula."""
        with open(path, newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file, delimiter=";"))
        self.equal(f"{name} spreadsheet rows", len(lines) - 1, len(rows), "lists")
        point = "," if locale[:2] in ("pt", "es") else "."
        for row, line in zip(rows, lines[1:]):
            for cell, shown, column in zip(row, line, table["columns"]):
                if column["format"] in ("integer", "decimal", "money", "percent", "duration"):
                    self.equal(f"{name} spreadsheet", shown, cell.replace(".", point), "cells")
                elif column["format"] == "weekday":
                    self.equal(f"{name} spreadsheet", shown, Spoken(locale).weekday(int(cell)), "cells")
                elif column["format"] in ("text", "words", "link"):
                    safe = "'" + cell if cell[:1] and cell[0] in "=+-@\t\r\n" else cell
                    self.equal(f"{name} spreadsheet", shown, safe, "cells")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dsn")
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("--day", type=dt.date.fromisoformat, required=True)
    parser.add_argument("--currency", default="USD")
    parser.add_argument("--skip", nargs="*", default=[])
    options = parser.parse_args()
    platform, check, releases = Platform(options.dsn), Check(), 0
    tenants = {t.slug: t for t in platform.tenant}
    for latest in sorted(options.store.glob("**/latest.json")):
        pipeline, period = latest.parts[-3:-1]
        data = latest.parent / "releases" / json.loads(latest.read_text())["release"] / "data"
        if pipeline in REPORTS:
            model = json.loads((data / "report.json").read_text())
            view = View(platform, tenants[latest.parts[-4]], period, options.day, model["privacy"])
            expected = REPORTS[pipeline](view)
            if not view.is_compared:
                expected.without_comparison(AT_START)
            check.release(data, expected)
        elif pipeline == "member":
            tenant = tenants[latest.parts[-4]]
            views = [view for _, view in members_of(platform, tenant, data, period, options.day)]
            check.equal(f"{tenant.slug} member {period}", sorted(v.user for v in views),
                        sorted(sharers(View(platform, tenant, period, options.day))), "people")
            for own, view in members_of(platform, tenant, data, period, options.day):
                expected = member(view)
                if not view.is_compared:
                    expected.without_comparison(AT_START)
                check.release(own, expected)
        elif pipeline == "platform-billing":
            views = [View(platform, t, period, options.day) for t in platform.tenant
                     if t.status == "A" and t.slug not in options.skip]
            expected = together(views, options.currency)
            if not any(v.is_compared for v in views):
                expected.without_comparison(AT_START)
            check.release(data, expected)
        else:
            continue
        releases += 1
    print(f"{releases} releases:", ", ".join(f"{n} {kind}" for kind, n in sorted(check.counts.items())))
    for fault in check.faults[:40]:
        print("fault:", fault[:1500])
    if len(check.faults) > 40:
        print(f"and {len(check.faults) - 40} more")
    sys.exit(bool(check.faults) or not releases)


if __name__ == "__main__":
    main()
