"""Fills an empty platform with rows from a seed, as odd as its schema allows: ties, empty groups, first and last moments of
days and years in many zones, changes of clocks, leap days, guests, partial payments, refunds in later months, plans and
currencies changed within a day, prices that twelve does not divide.

    rows.py DSN --seed 1 [--day 2026-11-20] [--scale 1]
"""
import argparse
import datetime as dt
import random
import uuid
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg

TENANTS = [
    ("sampa", "America/Sao_Paulo", "pt-BR", "BRL"), ("edo", "Asia/Tokyo", "en", "JPY"),
    ("angeles", "America/Los_Angeles", "en", "USD"), ("berlin", "Europe/Berlin", "es", "EUR"),
    ("lord-howe", "Australia/Lord_Howe", "es", "AUD"), ("nepal", "Asia/Kathmandu", "pt-BR", "NPR"),
    ("empty", "Pacific/Apia", "en", "USD"),
]
EDGES = ["2024-02-29", "2024-03-01", "2024-03-10", "2024-12-31", "2025-01-01", "2025-02-28", "2025-03-09", "2025-03-30",
         "2025-04-06", "2025-10-05", "2025-10-26", "2025-11-02", "2025-12-31", "2026-01-01", "2026-03-01", "2026-11-20",
         "2026-11-21"]
NAMES = ["Ana", "Zé", "東京", "-", "", "=1+1", "@home", "Łukasz", "ana", "  Bo ", "O'Neil", "Ana"]
LANGUAGES = ["Go", "Ada", " Go ", None, "", "C", "C++", "Rust", "go", "東", "Zig", "F#", "Elm", "Lua", "-"]
TEXTS = [None, "", "  ", "plain", "=cmd|' /C calc'!A0", "-1+1", "+1", "@x", "\tx", "a;b,c\"d\nline", "<b>&amp;", "\r\nx"]


class Maker:
    def __init__(self, seed, day, scale):
        self.random, self.day, self.scale = random.Random(seed), day, scale

    def id(self): return uuid.UUID(int=self.random.getrandbits(128), version=4)
    def some(self, n): return self.random.randrange(n * self.scale + 1)
    def one_in(self, n): return self.random.randrange(n) == 0

    def moment(self, zone):
        """Around a midnight that matters, or anywhere between the middle of 2023 and a week after the run's day."""
        if self.one_in(3):
            midnight = dt.datetime.fromisoformat(self.random.choice(EDGES)).replace(tzinfo=ZoneInfo(zone))
            near = self.random.choice([0, 0, -1, 1, 7_200_000_000, 9_000_000_000, 86_399_999_999])
            return midnight.astimezone(dt.timezone.utc) + dt.timedelta(microseconds=near)
        first = dt.datetime(2023, 6, 1, tzinfo=dt.timezone.utc)
        seconds = (self.day - first.date()).days * 86_400 + 7 * 86_400
        return first + dt.timedelta(seconds=self.random.randrange(seconds), microseconds=self.random.choice([0, 0, 500_000]))

    def after(self, moment, days): return moment + dt.timedelta(seconds=self.random.randrange(days * 86_400))


def fill(connection, make):
    pick, tables = make.random.choice, {}
    def put(table, **row): tables.setdefault(table, []).append(row)
    users, rooms, billings, pocs = {}, {}, {}, {}
    for slug, zone, locale, currency in TENANTS:
        put("tenant", id=make.id(), slug=slug, name=f"Firm <{slug}> & Söhne", timezone=zone, locale=locale,
            currency=currency, created=dt.datetime(2023, 1, 1, tzinfo=dt.timezone.utc))
    tenants = tables["tenant"]
    for t in tenants:
        users[t["slug"]], rooms[t["slug"]], billings[t["slug"]], pocs[t["slug"]] = [], [], [], []
        for n in range(0 if t["slug"] == "empty" else 4 + make.some(9)):
            users[t["slug"]].append(make.id())
            created = make.moment(t["timezone"])
            put("user", id=users[t["slug"]][-1], tenantid=t["id"], username=f"u{n}", firstname=pick(NAMES), lastname=pick(NAMES),
                email="x@example.org", age=30, account_status=pick("AAC"), status=pick(["ONLINE", "OFFLINE"]),
                privacy=pick(["names", "names", "initials", "none"]), share="NY"[n % 2], created=created, updated=make.after(created, 90))
    everybody = [u for found in users.values() for u in found]

    for t in tenants:
        slug, zone, own = t["slug"], t["timezone"], {"tenantid": t["id"]}
        somebody = lambda: pick(everybody) if make.one_in(9) or not users[slug] else pick(users[slug])
        if slug == "empty":
            continue
        last = None
        for n in range(20 + make.some(60)):
            last = last if last and make.one_in(8) else make.moment(zone)
            pocs[slug].append(make.id())
            put("pocuser", id=pocs[slug][-1], userid=somebody(), **own, name=pick(["poc", "=x", f"poc {n}", "日本 ;"]) , description=pick(TEXTS),
                language=pick(LANGUAGES), favorite=pick("NNY"), tags=pick([None, "", " , ", "a,b", "b, b ,c", "=d", "x,y,z,w"]),
                repourl=pick(["", "https://example.org/r", "javascript:alert(1)"]), created=last, updated=make.after(last, 30))
        for n in range(12 + make.some(40)):
            last = last if make.one_in(8) else make.moment(zone)
            room = {"id": make.id(), "at": last, "slug": slug}
            rooms[slug].append(room)
            put("room", id=room["id"], userid=somebody(), **own, date=last, name=f"dojo {n}", status=pick("AAAI"),
                created=last + dt.timedelta(days=pick([-30, -3, -1, 0, 2])), updated=make.after(last, 9))
            for user in {somebody() for _ in range(make.random.randrange(6))}:
                put("room_member", roomid=room["id"], userid=user)
    every_room = [r for found in rooms.values() for r in found]
    every_poc = [p for found in pocs.values() for p in found]
    for t in tenants:
        slug, zone, own = t["slug"], t["timezone"], {"tenantid": t["id"]}
        if slug == "empty":
            continue
        for n in range(20 + make.some(50)):
            room = pick(every_room) if make.one_in(12) else pick(rooms[slug])
            started = room["at"] + dt.timedelta(seconds=pick([0, 0, 600, 3600, 3600.5]))
            length = pick([None, -60, 0, 0.9, 59, 600, 3600, 3600, 3661.7])
            put("dojo_recording", id=make.id(), roomid=room["id"], **own, started=started, object_key="none",
                stopped=None if length is None else started + dt.timedelta(seconds=length),
                created=started + dt.timedelta(days=pick([0, 0, 0, 3])))
        for n in range(20 + make.some(90)):
            room = pick(rooms[slug])
            put("message", id=make.id(), userid=pick(everybody) if make.one_in(9) else pick(users[slug]), roomid=room["id"], **own,
                body="secret", message_status=pick("AAAR"), created=make.after(room["at"] - dt.timedelta(days=2), 9))
        for n in range(make.some(30)):
            poc = pick(every_poc) if make.one_in(9) else pick(pocs[slug])
            put("poc_screenshot", id=make.id(), pocid=poc, **own, object_key="none.png", created=make.moment(zone))

        for gateway in make.random.sample(["pagarme", "stripe", "=gate"], make.random.randrange(4)):
            b = {"id": make.id(), "gateway": gateway}
            billings[slug].append(b)
            days = pick([-1, 0, 1, 29, 30, 31, 59, 60, 61, 89, 90, 91, 400])
            expires = dt.datetime.combine(make.day + dt.timedelta(days=days), dt.time(pick([0, 23])), ZoneInfo(zone))
            put("billing", id=b["id"], **own, plan=pick("MY"), price=pick([Decimal("499.95"), Decimal("49.90"), Decimal(0)]),
                expirationdate=expires, autorenew=pick([0, 1]), paymentgateway=gateway, created=make.moment(zone))
    all_billings = [b for found in billings.values() for b in found]
    for t in tenants:
        slug, zone, own = t["slug"], t["timezone"], {"tenantid": t["id"]}
        if not all_billings or slug == "empty":
            continue
        for b in billings[slug] + ([pick(all_billings)] if make.one_in(3) else []):
            last = make.moment(zone)
            for n in range(make.random.randrange(9)):
                # Now and then within the same day, or at the same moment.
                last = pick([last, make.after(last, 1), make.moment(zone), make.moment(zone), make.moment(zone)])
                put("billing_event", id=make.id(), billingid=b["id"], **own, plan=pick("MY"), at=last,
                    kind=pick(["created", "changed", "changed", "cancelled", "expired", "reactivated"]),
                    price=pick([Decimal(x) for x in ("499.95", "49.90", "59.00", "0.00", "0.05", "549.95", "1000000.01")]),
                    currency=t["currency"] if not make.one_in(6) else pick(["USD", "EUR"]))
        for n in range(make.some(40) if billings[slug] else 0):
            b = pick(all_billings) if make.one_in(15) else pick(billings[slug])
            cur = t["currency"] if not make.one_in(9) else "USD"
            amount, made = Decimal(pick(["499.95", "49.90", "59.00", "0.01", "99.99"])), make.moment(zone)
            due = pick([made, make.moment(zone), dt.datetime.combine(
                make.day - dt.timedelta(days=pick([-1, 0, 1, 29, 30, 31, 60, 61, 90, 91])), dt.time(pick([0, 23]), 30), ZoneInfo(zone))])
            def pay(kind, status, total, attempt, at):
                put("payment", id=make.id(), billingid=b["id"], **own, total=total, currency=cur, payment_gateway=b["gateway"],
                    kind=kind, status=status, attempt=attempt, invoice_number=pick([f"i{n}", f"i{n}", "=i"]), due=due, created=at)
            for attempt in range(1, 1 + make.random.randrange(5)):
                total = pick([amount, amount, (amount / 2).quantize(Decimal("0.01"))])
                pay("charge", pick(["succeeded", "failed", "failed", "pending"]), total, attempt, made)
                made = pick([made, make.after(made, 40)])
            if make.one_in(3):
                pay(pick(["refund", "dispute"]), pick(["succeeded", "succeeded", "failed", "pending"]), amount, 1, make.after(made, 45))

    order = ("tenant", "user", "pocuser", "room", "room_member", "dojo_recording", "message", "poc_screenshot", "billing",
             "billing_event", "payment")
    with connection.cursor() as cursor:
        for table in order:
            rows = tables.get(table, [])
            if rows:
                with cursor.copy(f'COPY app."{table}" ({", ".join(rows[0])}) FROM STDIN') as copy:
                    for row in rows:
                        copy.write_row(list(row.values()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dsn")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2026, 11, 20))
    parser.add_argument("--scale", type=int, default=1)
    options = parser.parse_args()
    with psycopg.connect(options.dsn) as connection:
        fill(connection, Maker(options.seed, options.day, options.scale))


main()
