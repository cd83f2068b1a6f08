#!/usr/bin/env python3
"""The year in review with psycopg, pandas and Jinja2, as one would write it for a platform of some tenants.

usage: year_in_review.py --dsn CONNINFO --out DIR --year 2026 [--limit N]

For each active tenant: read its rows, group them with pandas, write index.html, report.json and the tables as CSV
for machines and for spreadsheets. No film, no manifest, no isolation trial, nothing kept for the next run.
"""
import argparse, json, os, zoneinfo, datetime as dt
import jinja2, pandas as pd, psycopg

PAGE = jinja2.Environment(autoescape=True).from_string("""<!DOCTYPE html>
<html lang="{{ tenant.locale }}"><head><meta charset="utf-8"><title>{{ tenant.name }} {{ year }}</title></head><body>
<h1>{{ tenant.name }} {{ year }}</h1>
<dl>{% for name, value, before in figures %}<dt>{{ name }}</dt><dd>{{ value }} ({{ before }})</dd>{% endfor %}</dl>
{% for title, bars in charts %}<figure><figcaption>{{ title }}</figcaption>
<svg viewBox="0 0 400 {{ 20 * bars|length }}">{% for label, value, width in bars %}
<text x="0" y="{{ loop.index0 * 20 + 14 }}">{{ label }}</text><rect x="120" y="{{ loop.index0 * 20 + 4 }}" width="{{ width }}" height="12"/>
<text x="{{ 124 + width }}" y="{{ loop.index0 * 20 + 14 }}">{{ value }}</text>{% endfor %}</svg></figure>{% endfor %}
{% for title, table in tables %}<h2>{{ title }}</h2><table><thead><tr>{% for column in table.columns %}<th>{{ column }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in table.itertuples(index=False) %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>{% endfor %}
</body></html>""")


def bars(series):
    most = max(series.max(), 1) if len(series) else 1
    return [(label, int(value), round(250 * value / most, 1)) for label, value in series.items()]


def neutral(value):
    return "'" + value if isinstance(value, str) and value[:1] in "=+-@\t\r\n" and value else value


def report(cursor, tenant, year, out):
    zone = zoneinfo.ZoneInfo(tenant.timezone)
    starts, ends, before = (dt.datetime(y, 1, 1, tzinfo=zone) for y in (year, year + 1, year - 1))

    def rows(sql, *parameters):
        cursor.execute(sql, parameters)
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])

    pocs = rows("""SELECT c.id, c.created, c.name, c.description, c.language, c.tags, c.favorite, c.repourl,
        c.userid, u.firstname || ' ' || u.lastname AS author, u.privacy FROM app.pocuser c
        LEFT JOIN app."user" u ON u.id = c.userid AND u.tenantid = c.tenantid
        WHERE c.tenantid = %s AND c.created >= %s AND c.created < %s ORDER BY c.created, c.id""", tenant.id, before, ends)
    dojos = rows("""SELECT r.id, r.date, r.name AS subject, r.userid FROM app.room r
        WHERE r.tenantid = %s AND r.status = 'A' AND r.date >= %s AND r.date < %s ORDER BY r.date, r.id""",
        tenant.id, before, ends)
    members = rows("""SELECT m.roomid, m.userid, u.firstname || ' ' || u.lastname AS person FROM app.room_member m
        JOIN app.room r ON r.id = m.roomid LEFT JOIN app."user" u ON u.id = m.userid AND u.tenantid = r.tenantid
        WHERE r.tenantid = %s AND r.date >= %s AND r.date < %s""", tenant.id, before, ends)
    recordings = rows("""SELECT roomid, extract(epoch FROM stopped - started)::int AS seconds FROM app.dojo_recording
        WHERE tenantid = %s AND started >= %s AND started < %s""", tenant.id, before, ends)
    pocs["day"] = pd.to_datetime(pocs["created"], utc=True).dt.tz_convert(zone)
    dojos["day"] = pd.to_datetime(dojos["date"], utc=True).dt.tz_convert(zone)
    pocs.loc[pocs.privacy == "none", "author"] = "(hidden)"
    pocs["author"] = pocs["author"].fillna("(guest)")
    now, then = pocs[pocs.day >= starts], pocs[pocs.day < starts]
    held, earlier = dojos[dojos.day >= starts], dojos[dojos.day < starts]
    people = members.groupby("roomid").person.apply(lambda names: ", ".join(sorted(names.dropna())))
    held = held.assign(people=held.id.map(people), participants=held.id.map(members.groupby("roomid").size()),
                       seconds=held.id.map(recordings.groupby("roomid").seconds.sum()) if len(recordings) else None)
    tags = now.tags.dropna().str.split(",").explode().str.strip()
    days = pd.concat([now.day, held.day]).dt.date.value_counts()
    active = pd.Index(sorted(days.index))
    streak = run = 0
    for place, day in enumerate(active):
        run = run + 1 if place and (day - active[place - 1]).days == 1 else 1
        streak = max(streak, run)
    figures = [("POCs", len(now), len(then)), ("Favourites", int((now.favorite == "Y").sum()), int((then.favorite == "Y").sum())),
               ("Languages", now.language.nunique(), then.language.nunique()), ("Authors", now.userid.nunique(), then.userid.nunique()),
               ("Dojos", len(held), len(earlier)), ("Streak", streak, ""), ("Days", len(active), "")]
    by_month = now.groupby(now.day.dt.month).size().reindex(range(1, 13), fill_value=0)
    charts = [("By month", bars(by_month)), ("Languages", bars(now.language.value_counts().head(8))),
              ("Tags", bars(tags.value_counts().head(10))),
              ("Weekdays", bars(now.groupby(now.day.dt.weekday).size().reindex(range(7), fill_value=0))),
              ("Days", bars(days.sort_index()))]
    authors = now.groupby("author").agg(pocs=("id", "size"), favorites=("favorite", lambda f: (f == "Y").sum()),
                                        languages=("language", "nunique")).sort_values("pocs", ascending=False).reset_index()
    catalogue = now[["day", "name", "language", "tags", "favorite", "author", "description", "repourl"]].assign(day=now.day.dt.date)
    sessions = held[["day", "subject", "people", "participants", "seconds"]].assign(day=held.day.dt.date)
    tables = {"months": by_month.rename_axis("month").reset_index(name="pocs"), "members": authors, "dojos": sessions, "pocs": catalogue}
    folder = f"{out}/{tenant.slug}/{year}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/index.html", "w") as page:
        page.write(PAGE.render(tenant=tenant, year=year, figures=figures, charts=charts, tables=[
            ("Members", authors), ("Favourites", catalogue[catalogue.favorite == "Y"]), ("Dojos", sessions), ("Catalogue", catalogue)]))
    with open(f"{folder}/report.json", "w") as file:
        json.dump({"tenant": tenant.slug, "year": year, "figures": figures, "charts": charts}, file, default=str)
    for name, table in tables.items():
        table.to_csv(f"{folder}/{name}.csv", index=False, lineterminator="\r\n")
        table.map(neutral).to_csv(f"{folder}/{name}.excel.csv", index=False, sep=";", decimal=",", encoding="utf-8-sig")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--year", type=int, required=True)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    with psycopg.connect(options.dsn) as connection, connection.cursor(row_factory=psycopg.rows.namedtuple_row) as tenants:
        tenants.execute("SELECT id, slug, name, timezone, locale, currency FROM app.tenant WHERE status = 'A' ORDER BY slug")
        chosen = tenants.fetchmany(options.limit) if options.limit else tenants.fetchall()
        with connection.cursor() as cursor:
            for tenant in chosen:
                report(cursor, tenant, options.year, options.out)


main()
