"""What the pages of other platforms claim in words, and how each claim is held against the rows: the sentences of a report,
the findings of its data quality, and that there is nothing."""
import re
import xml.etree.ElementTree as ET

from sentences import OTHER_REPORTS, Catalog, expression, words
from spoken import Spoken

HTML = "{http://www.w3.org/1999/xhtml}"


def of(e, name): return e.figures[name][None]
def value(e, name): return of(e, name)[0] or 0


def ratio(e, name):
    now, before = of(e, name)
    return None if not before else (now - before) / before


def counted(name):
    """A sentence about a figure and its change."""
    def more(e, s, g): return ratio(e, name) > 0 and s.is_number(g[name], value(e, name)) and changed(e, s, g)
    def fewer(e, s, g): return ratio(e, name) < 0 and s.is_number(g[name], value(e, name)) and changed(e, s, g)
    def same(e, s, g): return ratio(e, name) == 0 and s.is_number(g[name], value(e, name))
    def plain(e, s, g): return ratio(e, name) is None and s.is_number(g[name], value(e, name))
    def changed(e, s, g): return s.is_percent(g[f"{name}__change"].lstrip("+−-"), abs(ratio(e, name)))
    return {"more": more, "fewer": fewer, "same": same, "plain": plain}


def hour(text, s):
    """`14h`, `14 h`, `2 pm`"""
    number = int(re.match(r"\d+", text)[0])
    return number % 12 + 12 * text.endswith("pm") if s.language == "en" else number


def number(name): return lambda e, s, g: value(e, name) > 0 and s.is_number(g[name], value(e, name))


CLAIMS = {
    **{f"conversations.conversations.{k}": c for k, c in counted("conversations").items()},
    **{f"registrations.registered.{k}": c for k, c in counted("registered").items()},
    **{f"timeline.tweets.{k}": c for k, c in counted("tweets").items()},
    "timeline.tweets.none": lambda e, s, g: not value(e, "tweets") and number("followed")(e, s, g),
    "conversations.answers.first": lambda e, s, g: (
        s.is_duration(g["first_median"], value(e, "first_median"))
        and ("first_p90" not in g or s.is_duration(g["first_p90"], value(e, "first_p90")))
        and ("first_p90" in g or value(e, "first_answers") < 2)),
    "conversations.answers.none": lambda e, s, g: value(e, "received") and not value(e, "first_answers"),
    "conversations.unanswered.some": lambda e, s, g: not e.provisional and number("unanswered")(e, s, g),
    "conversations.unanswered.so_far": lambda e, s, g: e.provisional and number("unanswered")(e, s, g),
    "conversations.unanswered.none": lambda e, s, g: not value(e, "unanswered"),
    "conversations.busiest.top": lambda e, s, g: (
        e.leads["busiest"][0] == [str(hour(g["busiest"], s))] and e.leads["busiest"][1] >= 2),
    "registrations.confirmed.all": lambda e, s, g: value(e, "confirmed") == value(e, "registered") > 0,
    "registrations.confirmed.some": lambda e, s, g: (
        0 < value(e, "confirmed") < value(e, "registered") and s.is_number(g["confirmed"], value(e, "confirmed"))
        and ("confirm_median" not in g or s.is_duration(g["confirm_median"], value(e, "confirm_median")))),
    "registrations.confirmed.none": lambda e, s, g: value(e, "registered") and not value(e, "confirmed"),
    "registrations.unconfirmed.some": number("unconfirmed_ever"),
    "network.users.joined": lambda e, s, g: (
        value(e, "joined") > 0 and s.is_number(g["users"], value(e, "users")) and s.is_number(g["joined"], value(e, "joined"))),
    "network.users.plain": lambda e, s, g: not value(e, "joined") and number("users")(e, s, g),
    "network.active.some": lambda e, s, g: number("active")(e, s, g) and s.is_number(g["tweets"], value(e, "tweets")),
    "network.active.none": lambda e, s, g: not value(e, "active"),
}
EMPTY = {"conversations": ["conversations"], "registrations": ["registered", "unconfirmed_ever", "confirmations"],
         "timeline": ["tweets", "own_tweets", "followed", "followers"], "network": ["users"]}
# All else that these reports say and is no name of a thing. Findings and empty pages are read by `page`, and what figures
# are compared with by the sentences that say it.
SAID = re.compile(rf"({'|'.join(OTHER_REPORTS)})\.(quality|empty|compared)\.\w+")


def covers(key): return key in CLAIMS or SAID.fullmatch(key) is not None


def page(check, where, model, markup, expected):
    """Reads a page's words back. The figures in large type, the charts and the tables are those of the model, which
    check.py compares with the rows."""
    catalog = Catalog(model["tenant"]["locale"])
    spoken = Spoken(model["tenant"]["locale"])
    pipeline = model["pipeline"]
    expected.provisional = model["provisional"]
    for sentence in model["sentences"]:
        key, text = sentence["message"], sentence["text"].replace("\u2068", "").replace("\u2069", "")
        found = [m.groupdict() for form in catalog.messages[key].values()
                 if (m := re.fullmatch(expression(form), text, re.DOTALL))]
        true = any(CLAIMS[key](expected, spoken, groups) for groups in found)
        check.equal(f"{where} sentence {key}: {text!r} is", "true" if true else "false", "true", "sentences")
    root = ET.fromstring(markup)
    nothing = all(not of(expected, name)[0] for name in EMPTY[pipeline])
    is_empty = any(x.get("class") == "kind" for x in root.iter(HTML + "section"))
    check.equal(f"{where} is empty", is_empty, nothing, "pages")
    if nothing:
        return
    entries = [words(x) for x in root.iter(HTML + "li")]
    for rule, rows in expected.findings.items():
        forms = catalog.messages[f"{pipeline}.quality.{rule}"]
        said = [m["count"] for entry in entries for form in forms.values()
                if (m := re.fullmatch(expression(form), entry, re.DOTALL))]
        true = any(spoken.is_number(text, rows) for text in said) if rows else not said
        check.equal(f"{where} finding {rule} of {rows} is", "told" if true else f"{said}", "told", "findings told")
