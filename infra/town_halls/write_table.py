"""Rows to bytes, as a town hall's software would export them: CSV in its dialect, or a workbook.

The workbook is written here, part by part, because a library would stamp it with the hour: the same seed must give the
same bytes (ECMA-376, part 1, kept to what a spreadsheet needs to open it).
"""

import csv
import io
import zipfile
from datetime import date, datetime
from xml.sax.saxutils import escape

from infra.town_halls.habits import Habit
from infra.town_halls.rows import Value

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def to_text(value: Value, habit: Habit, true: str, false: str) -> str:
    """One cell as this town writes it; ``true`` and ``false`` are the contract's words, used when it has none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return (habit.true or true) if value else (habit.false or false)
    if isinstance(value, datetime):
        return value.strftime(habit.datetime)
    if isinstance(value, date):
        return value.strftime(habit.date)
    if isinstance(value, float):
        # Coordinates keep their digits; sums have two, as accounts do.
        text = f"{value:,.2f}" if abs(value) >= 1000 else repr(value)
        return text.replace(",", "\0").replace(".", habit.decimal).replace("\0", habit.thousands)
    return str(value)


def to_csv(header: list[str], cells: list[list[str]], habit: Habit) -> bytes:
    """The table as CSV, titles first; a short row stays short."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=habit.delimiter, lineterminator=habit.newline)
    writer.writerows([title] for title in habit.titles)
    writer.writerow(header)
    writer.writerows(cells)
    return text.getvalue().encode(habit.encoding)


def _cell(text: str) -> str:
    # Excel turns digits into a number as they are typed, save where a leading zero shows they are not one.
    numeric = text.replace(".", "", 1).removeprefix("-")
    if numeric.isdecimal() and (not numeric.startswith("0") or numeric == "0"):
        return f"<c><v>{text}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else "<c/>"


def _sheet(rows: list[list[str]]) -> str:
    body = "".join(f"<row>{''.join(_cell(text) for text in row)}</row>" for row in rows)
    return f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'


def to_xlsx(header: list[str], cells: list[list[str]], habit: Habit) -> bytes:
    """The table on the second sheet of a workbook, under its titles and a blank row; the first sheet explains."""
    sheets = {
        "Lisez-moi": _sheet([["Données d'exemple, synthétiques"], ["Le tableau est sur la deuxième feuille"]]),
        "Tableau": _sheet([*([title] for title in habit.titles), [], header, *cells]),
    }
    numbered = list(enumerate(sheets.items(), start=1))
    parts = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, (name, _) in numbered)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n, _ in numbered
        )
        + "</Relationships>",
        **{f"xl/worksheets/sheet{n}.xml": body for n, (_, body) in numbered},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
