"""How people write numbers, days and lists in the languages of the pages; shares nothing with the program."""
import re
from decimal import ROUND_FLOOR, Decimal

MONTHS = {
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
    "en": "January February March April May June July August September October November December".split(),
}
WEEKDAYS = {
    "pt": ["segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"],
    "es": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
ON_WEEKDAYS = {
    "pt": ["às segundas-feiras", "às terças-feiras", "às quartas-feiras", "às quintas-feiras", "às sextas-feiras",
           "aos sábados", "aos domingos"],
    "es": ["los lunes", "los martes", "los miércoles", "los jueves", "los viernes", "los sábados", "los domingos"],
    "en": ["on Mondays", "on Tuesdays", "on Wednesdays", "on Thursdays", "on Fridays", "on Saturdays", "on Sundays"],
}
AND = {"pt": ("e",), "es": ("y", "e"), "en": ("and",)}
POINT_IN_SPANISH = {"MX", "US", "GT", "HN", "NI", "SV", "PA", "DO", "PR", "PE"}


class Spoken:
    def __init__(self, locale):
        self.language, _, self.region = locale.partition("-")
        point = self.language == "en" or (self.language == "es" and self.region in POINT_IN_SPANISH)
        self.point = "." if point else ","
        self.month_first = self.language == "en" and self.region in ("", "US", "CA", "PH", "PR")

    # Days

    def date(self, day):
        name = MONTHS[self.language][day.month - 1]
        if self.language == "en":
            return f"{name} {day.day}, {day.year}" if self.month_first else f"{day.day} {name} {day.year}"
        first = "1º" if self.language == "pt" and day.day == 1 else day.day
        return f"{first} de {name} de {day.year}"

    def day_and_month(self, day):
        name = MONTHS[self.language][day.month - 1]
        if self.language == "en":
            return f"{name} {day.day}" if self.month_first else f"{day.day} {name}"
        return f"{'1º' if self.language == 'pt' and day.day == 1 else day.day} de {name}"

    def short_date(self, day):
        if self.language == "en":
            name = MONTHS["en"][day.month - 1][:3]
            return f"{name} {day.day}, {day.year}" if self.month_first else f"{day.day} {name} {day.year}"
        return day.strftime("%d/%m/%Y")

    def month(self, day):
        return f"{MONTHS[self.language][day.month - 1]} {'' if self.language == 'en' else 'de '}{day.year}"

    def period(self, name, day):
        """The name of the period that holds a day and is as long as the one of that name."""
        return self.month(day) if "-" in name else str(day.year)

    def month_name(self, number): return MONTHS[self.language][number - 1]

    def hour(self, number):
        if self.language == "en":
            return f"{number % 12 or 12}\u00a0{'am' if number < 12 else 'pm'}" if self.month_first else f"{number:02}:00"
        return f"{number}h" if self.language == "pt" else f"{number}\u00a0h"

    def weekday(self, number): return WEEKDAYS[self.language][number]
    def on_weekdays(self, number): return ON_WEEKDAYS[self.language][number]

    def is_list(self, text, names):
        """Whether a text names exactly these, in any order."""
        for word in AND[self.language]:
            first, found, last = text.rpartition(f" {word} ")
            if found and sorted([*first.split(", "), last]) == sorted(names):
                return True
        return [text] == list(names)

    # Numbers

    def number(self, text):
        """(value, unit of its last digit); fails if the text is no number."""
        mark = re.sub(r"[\d.,−\-+<>%\s]", "", text)
        if len(mark) > 3 or re.search(r"\d.*[^\W\d].*\d", text):
            raise ValueError(text)  # more than a number and the mark of its currency
        digits = re.sub(r"[^\d.,−-]", "", text)
        whole, _, part = digits.partition(self.point)
        whole = re.sub(r"[.,]", "", whole.replace("−", "-"))
        return Decimal(whole + ("." + part if part else "")), Decimal(1).scaleb(-len(part))

    def is_number(self, text, value, spread=Decimal("0.5")):
        """Whether a text is a value, as exactly as it is written."""
        found, unit = self.number(text)
        return abs(found - Decimal(value)) <= unit * spread if unit < 1 or Decimal(value) % 1 else found == value

    def is_percent(self, text, ratio):
        """Whether a text is a ratio in percent; “>99 %” and “<0.1 %” are bounds."""
        if "%" not in text:
            return False
        percent, (found, unit) = Decimal(ratio) * 100, self.number(text)
        if text[0] in "<>":
            return percent < found if text[0] == "<" else percent > found
        return abs(found - percent) <= unit / 2

    def is_change(self, text, now, then):
        """Whether a text without its sign is a change in percent. Exact: halves of whole numbers are rounded up."""
        return self.is_percent(text, abs(Decimal(now) - Decimal(then)) / Decimal(then))

    def is_duration(self, text, seconds):
        parts = {unit: int(re.sub(r"\D", "", n)) for n, unit in re.findall(r"([\d.,]+)\s*(h|min|s)\b", text)}
        if not parts or seconds is None:
            return False
        if "s" in parts:
            return parts == {"s": seconds}
        return parts.get("h", 0) * 60 + parts.get("min", 0) == int((Decimal(seconds) / 60).to_integral_value(ROUND_FLOOR))

    def is_amount(self, text, value):
        """Whether a figure in large type is a value: a number, money, a percentage or a length of time."""
        if "%" in text:
            return self.is_percent(text, value)
        if re.search(r"\d\s*(h|min|s)\b", text):
            return self.is_duration(text, int(value))
        return self.is_number(text, value)

    def is_one(self, text):
        """Whether a number takes the form “one”."""
        value = self.number(text)[0]
        return value < 2 if self.language == "pt" and self.region != "PT" else value == 1

    # Other values, with which a sentence is false.

    def others(self, text, page):
        found = []
        for words in (WEEKDAYS[self.language], ON_WEEKDAYS[self.language]):
            if text in words:
                found += [x for x in words if x != text]
        if re.search(r"\d", text):
            last = max(m.start() for m in re.finditer(r"\d", text))
            for step in (1, 2, 9):
                found.append(text[:last] + str((int(text[last]) + step) % 10) + text[last + 1:])
        else:
            found.append(text + "x")
        return found + page.other_words(text)
