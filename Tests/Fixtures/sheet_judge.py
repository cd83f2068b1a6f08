#!/usr/bin/env python3
"""Reads workbooks for tests, with readers that are not ours.

    sheet_judge.py parts FILE.xlsx              what Python's own zip and XML readers find, as JSON
    sheet_judge.py compare FILE DATA            FILE is .fods from LibreOffice, or .xlsx for openpyxl; DATA is the folder of
                                                a release's files; prints each cell that is not that of the CSV for people
"""
import csv, datetime, decimal, json, re, sys, zipfile
import xml.etree.ElementTree as tree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def unescaped(text):
    """ST_Xstring: _x0041_ stands for A."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found.group(1), 16)), text)


def parts(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0) and not info.extra and not info.comment, info
            tree.fromstring(archive.read(info))
        book = tree.fromstring(archive.read("xl/workbook.xml"))
        styles = tree.fromstring(archive.read("xl/styles.xml"))
        codes = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(MAIN + "numFmt")}
        formats = [codes.get(one.get("numFmtId"), one.get("numFmtId")) for one in styles.find(MAIN + "cellXfs")]
        sheets = []
        for number, one in enumerate(book.iter(MAIN + "sheet"), 1):
            sheet = tree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            rows = []
            for at, row in enumerate(sheet.iter(MAIN + "row"), 1):
                assert row.get("r") == str(at), row.attrib
                cells = {}
                for cell in row:
                    assert {child.tag for child in cell} <= {MAIN + "v", MAIN + "is"}, "a formula"
                    kind = cell.get("t", "n")
                    value = cell.findtext(MAIN + "v") if kind != "inlineStr" else unescaped(cell.findtext(f"{MAIN}is/{MAIN}t"))
                    look = "" if kind == "b" else formats[int(cell.get("s"))]
                    cells[cell.get("r")] = [kind, value, look]
                rows.append(cells)
            sheets.append({
                "name": one.get("name"), "rows": rows,
                "widths": [float(each.get("width")) for each in sheet.iter(MAIN + "col")],
                "filter": [each.get("ref") for each in sheet.iter(MAIN + "autoFilter")],
                "frozen": [each.get("ySplit") for each in sheet.iter(MAIN + "pane")],
                "right_to_left": [each.get("rightToLeft") for each in sheet.iter(MAIN + "sheetView")],
                "others": sorted({each.tag for each in sheet.iter()} & {MAIN + "f", MAIN + "hyperlink", MAIN + "drawing"}),
            })
        return {"parts": archive.namelist(), "sheets": sheets, "properties": archive.read("docProps/core.xml").decode()}


def office(path):
    """The sheets of a flat OpenDocument file: rows of None, bool, Decimal, date, datetime or str."""
    names = dict(table="urn:oasis:names:tc:opendocument:xmlns:table:1.0", text="urn:oasis:names:tc:opendocument:xmlns:text:1.0",
                 office="urn:oasis:names:tc:opendocument:xmlns:office:1.0")
    tag = lambda name: "{%s}%s" % (names[name.split(":")[0]], name.split(":")[1])

    def text(node):
        found = node.text or ""
        for child in node:
            if child.tag == tag("text:s"):
                found += " " * int(child.get(tag("text:c"), 1))
            elif child.tag == tag("text:tab"):
                found += "\t"
            else:
                found += text(child)
            found += child.tail or ""
        return found

    def value(cell):
        told = cell.get(tag("table:formula"))
        # LibreOffice has no booleans of its own: it makes this of the value.
        if told in ("of:=TRUE()", "of:=FALSE()"):
            return told == "of:=TRUE()"
        assert told is None, "a formula"
        assert cell.find(".//" + tag("text:a")) is None, "a link"
        kind = cell.get(tag("office:value-type"))
        if kind is None:
            return None
        if kind == "date":
            told = cell.get(tag("office:date-value"))
            if "T" not in told:
                return datetime.date.fromisoformat(told)
            moment = datetime.datetime.fromisoformat(told[:26])
            return (moment + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
        if kind == "string":
            return "\n".join(text(line) for line in cell.findall(tag("text:p")))
        return decimal.Decimal(cell.get(tag("office:value")))

    sheets = {}
    for table in tree.parse(path).getroot().iter(tag("table:table")):
        rows = []
        for row in table.iter(tag("table:table-row")):
            cells = []
            for cell in row:
                cells += [value(cell)] * min(int(cell.get(tag("table:number-columns-repeated"), 1)), 200)
            rows += [cells] * min(int(row.get(tag("table:number-rows-repeated"), 1)), 200)
        sheets[table.get(tag("table:name"))] = rows
    return sheets


def openpyxl_sheets(path):
    import openpyxl

    def value(cell):
        assert cell.data_type != "f" and cell.hyperlink is None, "a formula or a link"
        if isinstance(cell.value, datetime.datetime):
            moment = (cell.value + datetime.timedelta(milliseconds=500)).replace(microsecond=0)
            return moment if "h" in cell.number_format else moment.date()
        if isinstance(cell.value, str):
            return unescaped(cell.value)
        if isinstance(cell.value, bool) or cell.value is None:
            return cell.value
        return decimal.Decimal(repr(cell.value))

    book = openpyxl.load_workbook(path)
    return {sheet.title: [[value(cell) for cell in row] for row in sheet.iter_rows()] for sheet in book}


def wanted(cell, field):
    """What a sheet's cell must be, one of these, for a cell of the CSV for people."""
    if cell == "":
        return [None]
    kind = field["type"]
    if kind in ("integer", "number"):
        number = decimal.Decimal(cell.replace(field.get("decimalChar", "."), "."))
        # Only what a spreadsheet would not keep is a text.
        return [cell] if len(number.normalize().as_tuple().digits) > 15 else [number]
    if kind == "boolean":
        return [cell in field["trueValues"]]
    if kind == "date":
        day = datetime.date.fromisoformat(cell)
        return [cell] if day < datetime.date(1900, 3, 1) else [day]
    if kind == "datetime":
        moment = datetime.datetime.fromisoformat(cell)
        # LibreOffice does not write the time of midnight.
        return [moment, moment.date()] if moment.time() == datetime.time() else [moment]
    text = re.sub("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]", "\ufffd", cell.replace("\r\n", "\n").replace("\r", "\n"))
    return [text, text[1:]] if re.match("'[=+@\t\n＝＋－＠-]", text) else [text]


def compare(path, data):
    sheets = list((office if path.endswith(".fods") else openpyxl_sheets)(path).items())
    with open(data + "/report.json", encoding="utf-8") as file:
        tables = [table for table in json.load(file)["tables"] if "spreadsheet" in table]
    with open(data + "/../datapackage.json", encoding="utf-8") as file:
        schemas = {one["name"]: one.get("schema") for one in json.load(file)["resources"]}
    assert len(sheets) == len(tables), ([name for name, _ in sheets], [table["name"] for table in tables])
    cells, faults = 0, []
    for (title, rows), table in zip(sheets, tables):
        with open(f"{data}/{table['spreadsheet']}", encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, delimiter=";"))
        fields = schemas[table["spreadsheet"]]["fields"]
        while rows and not any(cell is not None for cell in rows[-1]):
            rows = rows[:-1]
        if len(rows) != len(lines):
            faults.append(f"{title}: {len(rows)} rows, not {len(lines)}")
        for number, (row, line) in enumerate(zip(rows, lines)):
            row = row[:len(line)] + [None] * (len(line) - len(row))
            for found, cell, field in zip(row, line, fields):
                want = [cell] if number == 0 else wanted(cell, field)
                cells += 1
                if not any(found == one and type(found) is type(one) for one in want):
                    faults.append(f"{title}, row {number + 1}, {field['name']}: {found!r}, not {want!r}")
    return cells, faults


def main():
    if sys.argv[1] == "parts":
        print(json.dumps(parts(sys.argv[2])))
        return
    cells, faults = compare(sys.argv[2], sys.argv[3])
    print("\n".join([*faults[:20], f"{cells} cells, {len(faults)} faults"]))
    sys.exit(1 if faults or not cells else 0)


if __name__ == "__main__":
    main()
