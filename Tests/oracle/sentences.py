"""Reads every sentence of the pages back against the rows: each is taken apart with its message's own text, in the page's
language, and what it claims is counted a second time.

    sentences.py DSN --store STORE --day 2026-11-20 [--currency USD] [--skip SLUG …]
    sentences.py DSN --golden Tests/Fixtures/golden --day 2026-11-20
    … --mutate      makes each sentence false in turn, and expects that it is found out

A message that claims something has a checker in claims.py; all others are listed there. A message without either is a
fault, and so is a text of a page that is no message.
"""
import argparse
import datetime as dt
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from decimal import Decimal

import yaml

from annual import annual
from billing import billing, together
from check import AT_START
from claims import CHECKERS, is_label
from dojos import dojos
from member import member, members_of
from platform_rows import Platform, View, language
from spoken import Spoken
from users import users

PROJECT = pathlib.Path(__file__).resolve().parents[2]
REPORTS = {"annual": annual, "billing": billing, "dojos": dojos, "users": users}
# Of other platforms, which other_platforms.py reads.
OTHER_REPORTS = ("conversations", "registrations", "timeline", "network")
HTML = "{http://www.w3.org/1999/xhtml}"
PLURALS = {"zero", "one", "two", "few", "many", "other"}


class Catalog:
    """The messages of a language, flat: key to its forms."""

    def __init__(self, locale):
        self.locale, self.messages = locale, {}
        text = (PROJECT / f"templates/messages/{locale}.yaml").read_text()
        self.collect(yaml.load(text, Loader=yaml.BaseLoader), "")

    def collect(self, node, path):
        for key, value in node.items():
            name = f"{path}.{key}" if path else key
            if isinstance(value, str):
                self.messages[name] = {"": value}
            elif set(value) <= PLURALS:
                self.messages[name] = value
            else:
                self.collect(value, name)

    def text(self, key, pipeline=None, **arguments):
        own = f"{pipeline}.{key}"
        return self.messages[own if own in self.messages else key][""].format_map(arguments)

    def patterns(self, pipeline):
        """(key, form, expression) of what can stand on a page of a report."""
        others = {k.split(".")[0] for k in self.messages} & {
            *REPORTS, *OTHER_REPORTS, "platform-billing", "film", "store", "mail"} - {pipeline}
        for key, forms in self.messages.items():
            if key.split(".")[0] not in others:
                for form, text in forms.items():
                    # Its value follows it in the template.
                    text = text + " {moment}." if key == "page.data_up_to" else text
                    yield key, form, re.compile(expression(text), re.DOTALL)


def expression(text):
    """A regular expression for a message: its parameters are groups, `{pocs.change}` is `pocs__change`."""
    parts, seen = re.split(r"\{([^}]*)\}", text), set()
    for n in range(1, len(parts), 2):
        name = parts[n].replace(".", "__")
        # A number has no blanks, so that a day before it can have some.
        kind = r"[\d.,]*\d" if name in ("amount", "count") else ".+?"
        parts[n] = f"(?P={name})" if name in seen else f"(?P<{name}>{kind})"
        seen.add(name)
    return "".join(re.escape(x) if n % 2 == 0 else x for n, x in enumerate(parts))


class Page:
    """One page, what its rows say, and what a checker can ask."""

    def __init__(self, name, markup, pipeline, views, expected, catalog, together_of=None,
                 skipped=0):
        self.name, self.root = name, ET.fromstring(markup)
        self.pipeline, self.views, self.view, self.e = pipeline, views, views[0], expected
        self.span, self.catalog = views[0].span, catalog
        self.skipped = skipped
        self.own = together_of or views[0].tenant.currency
        self.spoken = Spoken(self.root.get("lang"))
        self.is_compared = any(v.is_compared for v in views) if together_of else self.view.is_compared
        self.patterns = list(catalog.patterns(pipeline))

    chart = file = None

    @property
    def tenant_name(self): return self.view.tenant.name

    @property
    def ties(self):
        spec = yaml.load((PROJECT / f"pipelines/{self.pipeline}/pipeline.yaml").read_text(), Loader=yaml.BaseLoader)
        return len(spec["aggregate"]["ties"])

    @property
    def row_counts(self): return [len(x) for x in self.e.tables.values()] + [self.skipped]

    @property
    def rows_of_file(self):
        """How many rows the table has whose files are listed here."""
        if self.file in self.titles("tables", "left_out"):
            return self.skipped
        return next(len(rows) for name, rows in self.e.tables.items() if self.file in self.titles("tables", name))

    def findings(self, rule):
        special = {"tenants_read": len(self.views) + self.skipped, "tenants_left_out": self.skipped}
        return special.get(rule, self.e.findings.get(rule, 0))

    @staticmethod
    def ratio(part, whole): return Decimal(part) / Decimal(whole)

    @staticmethod
    def one_line(text): return re.sub(r"[ \n]+", " ", text or "").strip()

    def titles(self, kind, name):
        return [t for k in (f"{self.pipeline}.{kind}.{name}", f"{kind}.{name}") for t in self.catalog.messages.get(k, {}).values()]

    def chart_titles(self, labels):
        """How the points of the present chart are called."""
        return [self.chart_title(label) for label in labels]

    def chart_title(self, label):
        if not label:
            return self.catalog.text("page.none")
        if re.fullmatch(r"\d{4}-\d\d-\d\d", label):
            day = dt.date.fromisoformat(label)
            return self.spoken.date(day) if self.chart[0] == "calendar" else self.spoken.month(day)
        if self.chart[0] == "weekdays":
            return self.spoken.weekday(int(label))
        terms = self.catalog.messages.get(f"{self.pipeline}.terms.bucket.{label}")
        return terms[""] if terms and self.chart[0] == "ageing" else self.one_line(label)

    def other_words(self, text):
        """Words of the page's rows and messages that could stand in a sentence's place, and would be false there."""
        found = [k for k in Counter(map(language, self.view.pocs_now)) if k and k != text]
        phrases = [self.catalog.text("compared.whole", self.pipeline),
                   self.catalog.text("compared.same_days", self.pipeline, before=self.spoken.period(self.span.name, self.span.before))]
        return [x for x in phrases if x != text] if text in phrases else found[:3]

    def value(self, figure, currency=None):
        """A figure's (value, previous value), by the rows."""
        amounts = self.e.figures[figure]
        return amounts[currency] if currency in amounts else (None, None)

    # What is written.

    def sentences(self):
        """(place, text) of all that the page says in words: paragraphs, list entries, notes, charts' descriptions."""
        parents = {child: parent for parent in self.root.iter() for child in parent}
        for element in self.root.iter():
            tag = element.tag.split("}")[1]
            above = {x.tag.split("}")[1] for x in self.above(element, parents)}
            if above & {"table", "summary", "a"} or (above & {"svg"} and tag != "desc"):
                continue
            kind = element.get("class") or ""
            if any("cards" in (x.get("class") or "") for x in self.above(element, parents)):
                continue  # texts of the tenant, compared with the rows by check.py
            if tag == "textarea":
                # Its first line is the title; the others are sentences.
                text = (element.text or "").replace("\u2068", "").replace("\u2069", "").strip()
                yield from (("p", line) for line in text.split("\n")[1:])
            if tag == "desc" or tag == "li" or tag == "p":
                if kind in ("who", "rows-of", "pages", "files") or "nav" in above:
                    continue
                # Entries of lists of files, whose parts are texts of their own.
                if tag == "li" and element.find(HTML + "span") is not None:
                    for part in element.findall(HTML + "span"):
                        if part.get("class") == "size":
                            self.file = words(element.find(HTML + "span"))
                            yield "size", words(part)
                    continue
                if tag == "p" and element.find(HTML + "a") is not None:
                    continue
                if kind == "when" and " · " in words(element):
                    yield "head", words(element)
                elif words(element):
                    yield tag, words(element)

    @staticmethod
    def above(element, parents):
        while element in parents:
            element = parents[element]
            yield element

    def figures(self):
        """(label, [(value, before, change, why there is none)]) of the figures in large type."""
        for box in self.root.iter(HTML + "div"):
            if not (box.get("class") or "").startswith("figure"):
                continue
            amounts = []
            for dd in box.findall(HTML + "dd"):
                value = dd.find(f"{HTML}span[@class='value']")
                before = dd.find(f"{HTML}span[@class='before']")
                if value is None:
                    continue
                change = None if before is None else before.find(HTML + "span")
                why = None if before is None else before.find(HTML + "abbr")
                amounts.append((words(value), None if before is None else " ".join((before.text or "").split()),
                                None if change is None else words(change), None if why is None else why.get("title")))
            yield words(box.find(HTML + "dt")), amounts

    def charts(self):
        """(name, which of several, description)"""
        for figure in self.root.iter(HTML + "figure"):
            for description in figure.iter("{http://www.w3.org/2000/svg}desc"):
                name, _, number = figure.get("id").removeprefix("chart-").rpartition("-")
                name, place = (name, int(number) - 1) if number.isdigit() else (f"{name}-{number}".lstrip("-"), 0)
                yield name.replace("-", "_"), place, words(description)


def words(element):
    text = "".join(element.itertext())
    # The isolation of typed texts is not part of them.
    return re.sub(r"[ \n]+", " ", text.replace("\u2068", "").replace("\u2069", "")).strip()


class Reading:
    """Takes the texts of pages apart and holds each claim against the rows."""

    def __init__(self, mutate=False):
        self.faults, self.read, self.mutated, self.mutate = [], Counter(), Counter(), mutate
        self.survivors = []

    def page(self, page):
        for place, text in page.sentences():
            if place == "head":
                self.head(page, text)
            elif place != "desc":
                self.text(page, text)
        for name, place, text in page.charts():
            page.chart = [c for c in page.e.charts if c[0] == name][place]
            self.text(page, text)
        page.chart = None
        for label, amounts in page.figures():
            self.figure(page, label, amounts)

    def fault(self, page, text, why):
        self.faults.append(f"{page.name}: “{text}”: {why}")

    # A text is a row of sentences. Each must be a message, and each claim must be true.

    def text(self, page, text):
        found = self.split(page, text)
        if found is None:
            return self.fault(page, text, "this is no message, or no checker accepts it: " + self.why(page, text))
        for key, form, groups, sentence in found:
            self.read[key] += 1
            if self.mutate and key in CHECKERS:
                self.falsify(page, key, form, groups, sentence)

    def split(self, page, text):
        """The true messages that a text consists of; None if there are none."""
        ends = [m.end() for m in re.finditer(r"[.!:](?= |$)", text)]
        ends = sorted({*ends, len(text)})
        best = {0: []}
        for start in sorted({0, *(e + 1 for e in ends)}):
            if start not in best:
                continue
            for end in ends:
                if end <= start:
                    continue
                if hit := self.match(page, text[start:end]):
                    best.setdefault(end + 1, best[start] + [hit])
        return best.get(len(text) + 1)

    def match(self, page, sentence):
        """A message that the sentence is, and that is true."""
        for key, form, groups in self.candidates(page, sentence):
            if key not in CHECKERS or self.holds(page, key, form, groups):
                return key, form, groups, sentence

    @staticmethod
    def candidates(page, sentence):
        for key, form, pattern in page.patterns:
            if key in CHECKERS or not is_label(key) or "{" not in page.catalog.messages[key][form]:
                if found := pattern.fullmatch(sentence):
                    yield key, form, found.groupdict()

    def holds(self, page, key, form, groups):
        try:
            return bool(CHECKERS[key](page, **groups)) and self.is_form(page, key, form, groups)
        except (ValueError, KeyError, TypeError, IndexError, StopIteration, ArithmeticError):
            # A value that cannot be read is not the one that the rows have.
            return False

    @staticmethod
    def is_form(page, key, form, groups):
        """Whether the number asks for this plural form. The form of `one` is used by 0 to below 2 in Portuguese."""
        if form not in ("one", "other"):
            return True
        name = {"platform-billing.tenants.plain": "paying_tenants"}.get(key, "amount" if ".says." in key else "count")
        count = groups.get(name) or next((g for g in groups.values() if re.fullmatch(r"[\d.,]+", g)), None)
        return count is None or (page.spoken.is_one(count) == (form == "one"))

    def why(self, page, text):
        names = {key for key, _, pattern in page.patterns if key in CHECKERS for s in [text, *re.split(r"(?<=\.) ", text)]
                 if pattern.fullmatch(s)}
        return ", ".join(sorted(names)) or "none looks like it"

    # The head and the figures in large type.

    def head(self, page, text):
        self.read["head"] += 1
        day = f"{page.catalog.text('page.as_of')} {page.spoken.date(page.span.as_of)}"
        parts = text.split(" · ")
        if day not in parts:
            self.fault(page, text, f"the head does not say “{day}”")
        if page.catalog.text("page.data_up_to") in text:
            self.fault(page, text, "the head says the newest change, which is no day as of which the page is")
        first, last = page.span.first, page.span.after - dt.timedelta(days=1)
        if parts[0] != f"{page.spoken.date(first)} – {page.spoken.date(last)}":
            self.fault(page, text, "the head has another period")
        says = {words(x) for x in page.root.iter(HTML + "p") if x.get("class") == "when"} - {text}
        is_empty = any(x.get("class") == "kind" for x in page.root.iter(HTML + "section"))
        if bool(says) != ((page.span.provisional or not page.is_compared) and not is_empty):
            self.fault(page, text, "the head does not say which days are compared, or says it where all are")

    def figure(self, page, label, amounts):
        self.read["figures"] += 1
        names = [k.split(".")[-1] for k, forms in page.catalog.messages.items()
                 if k.startswith(f"{page.pipeline}.figures.") and label in forms.values()]
        if not names:
            return self.fault(page, label, "no figure has this label")
        name, s = names[0], page.spoken
        currencies = sorted(page.e.figures[name], key=lambda c: (c != page.own, c or ""))
        for currency, (value, before, change, why) in zip(currencies, amounts, strict=True):
            now, then = page.e.figures[name][currency]
            where = f"{label} {value} {before or ''} {change or ''}"
            if now is None:
                if value != "–":
                    self.fault(page, where, "the value is not known")
                continue
            if not s.is_amount(value, now):
                self.fault(page, where, f"the rows say {now}")
            if before is None:
                if then is not None:
                    self.fault(page, where, f"it does not say that it was {then}")
                continue
            if then is None:
                self.fault(page, where, "there is nothing to compare with")
                continue
            phrase = self.before(page, name)
            if not before.endswith(" " + phrase) or not s.is_amount(before.removesuffix(" " + phrase), then):
                self.fault(page, where, f"before it was {then}, “{phrase}”")
            percent = "%" in value
            if change is not None and not (then > 0 and s.is_change(change.lstrip("+−"), now, then)
                                           and ("+" in change) == (now > then) and ("−" in change) == (now < then)):
                self.fault(page, where, f"the change from {then} to {now} is another")
            if change is None and then > 0 and now != then and not percent:
                self.fault(page, where, "the change is missing")
            if why is not None and (then > 0 or now == then == 0):
                self.fault(page, where, "there is a base for a change")

    @staticmethod
    def before(page, name):
        if name in AT_START:
            return page.catalog.text("page.before_start")
        if page.span.provisional:
            return page.catalog.text("page.before_day", day=page.spoken.date(page.span.same_day))
        return page.catalog.text("page.before")

    # Every sentence is made false, and must be found out.

    def falsify(self, page, key, form, groups, sentence):
        template = page.catalog.messages[key][form]
        for name, text in groups.items():
            for other in page.spoken.others(text, page):
                made = re.sub(r"\{([^}]*)\}", lambda m: other if m[1].replace(".", "__") == name
                              else groups[m[1].replace(".", "__")], template)
                if made != sentence:
                    self.mutated[key] += 1
                    if self.split(page, made) is not None:
                        self.survivors.append(f"{page.name}: “{made}” instead of “{sentence}” is taken for true ({key})")


def pages(options, platform):
    """All pages of a store, or the recorded ones."""
    tenants = {t.slug: t for t in platform.tenant}
    catalogs = {locale: Catalog(locale) for locale in ("en", "es", "pt-BR")}
    def operator(period):
        return [View(platform, t, period, options.day) for t in platform.tenant
                if t.status == "A" and t.slug not in options.skip]
    def page(name, path, pipeline, slug, period, currency, privacy="names"):
        markup = path.read_text()
        lang = re.search(r' lang="([^"]*)"', markup)[1]
        catalog = catalogs.get(lang) or next(c for l, c in catalogs.items() if l[:2] == lang[:2])
        if pipeline == "platform-billing":
            views = operator(period)
            expected = together(views, currency)
            compared = any(v.is_compared for v in views)
        else:
            views = [View(platform, tenants[slug], period, options.day, privacy)]
            expected, compared = REPORTS[pipeline](views[0]), views[0].is_compared
        if not compared:
            expected.without_comparison(AT_START)
        return Page(name, markup, pipeline, views, expected, catalog,
                    currency if pipeline == "platform-billing" else None, len(options.skip))
    if options.golden:
        slugs = {"en": "england", "es": "espana", "pt-BR": "brasil"}
        for path in sorted(options.golden.glob("*.html")):
            pipeline, locale, _ = path.name.split(".")
            yield page(path.name, path, pipeline, slugs[locale], "2025", options.currency)
        return
    for latest in sorted(options.store.glob("**/latest.json")):
        slug, pipeline, period = latest.parts[-4:-1]
        if pipeline not in (*REPORTS, "platform-billing", "member"):
            continue
        data = latest.parent / "releases" / json.loads(latest.read_text())["release"] / "data"
        if pipeline == "member":
            for own, view in members_of(platform, tenants[slug], data, period, options.day):
                markup = (own / "index.html").read_text()
                lang = re.search(r' lang="([^"]*)"', markup)[1]
                expected = member(view)
                if not view.is_compared:
                    expected.without_comparison(AT_START)
                yield Page(f"{slug} member {period}", markup, pipeline, [view], expected, catalogs[lang])
            continue
        model = json.loads((data / "report.json").read_text())
        yield page(f"{slug} {pipeline} {period}", data / "index.html", pipeline, slug, period,
                   options.currency, model["privacy"])


def vocabulary():
    """Faults of the list of claims itself: messages that are neither claims nor labels, checkers without a message."""
    keys = {key for locale in ("en", "es", "pt-BR") for key in Catalog(locale).messages}
    import other_claims  # which needs the catalogs of this file
    for key in sorted(keys):
        if is_label(key) == (key in CHECKERS or other_claims.covers(key)):
            yield (f"the message '{key}' is a claim and a label" if is_label(key) else
                   f"the message '{key}' has no checker: add one to CHECKERS in Tests/oracle/claims.py")
    for key in sorted((CHECKERS.keys() | other_claims.CLAIMS.keys()) - keys):
        yield f"the checker '{key}' has no message"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dsn", nargs="?")
    parser.add_argument("--store", type=pathlib.Path)
    parser.add_argument("--golden", type=pathlib.Path)
    parser.add_argument("--day", type=dt.date.fromisoformat)
    parser.add_argument("--currency", default="USD")
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--mutate", action="store_true")
    options = parser.parse_args()
    reading, count = Reading(options.mutate), 0
    faults = list(vocabulary())
    if options.dsn:
        for page in pages(options, Platform(options.dsn)):
            reading.page(page)
            count += 1
    faults += reading.faults + reading.survivors
    claims = {k: n for k, n in reading.read.items() if k in CHECKERS}
    print(f"{count} pages, {sum(claims.values())} claims of {len(claims)} kinds, {reading.mutated.total()} falsified")
    if options.mutate:
        print("kinds:", ", ".join(sorted(claims)))
    for fault in faults[:60]:
        print("fault:", fault[:700])
    if len(faults) > 60:
        print(f"and {len(faults) - 60} more")
    sys.exit(bool(faults) or (options.dsn is not None and not count))


if __name__ == "__main__":
    main()
