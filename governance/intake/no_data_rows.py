"""Rows inside a table that are no data: blank ones, units under the header, totals at the foot.

Each is left out and reported, never silently, and only when it is certain: a company may be called Total.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

from governance.intake.header import Wanted, fold
from governance.intake.table import LINE, Fault

TOTAL = re.compile(r"^(?:sous|grand)?tota(?:l|ux)(?:general|generaux|global|ht|ttc|partiel)?$")
"""Of the folded text of a cell: Total, Totaux, Sous-total, Total général, Grand total, Total TTC."""
SIGNS_OF_A_TOTAL = (b"ota", b"OTA")
"""A text without them has no total; looking for them costs next to nothing."""
FIRST_LETTERS = r"(?i)^\s*(?:sous|grand|tota)"
UNITS = frozenset(
    {
        "€", "k€", "m€", "eur", "keur", "euro", "euros", "%", "‰", "kwh", "mwh", "gwh", "wh", "kw", "kva", "mw", "w",
        "v", "a", "j", "kj", "mj", "tep", "l", "hl", "litre", "litres", "m²", "m2", "m³", "m3", "m", "km", "cm", "mm",
        "ha", "hectare", "hectares", "t", "tonne", "tonnes", "kg", "g", "an", "ans", "mois", "jour", "jours", "h",
        "heure", "heures", "min", "minutes", "s", "nb", "nombre", "nbre", "unité", "unités", "°c", "hab", "habitants",
        "kgco2e", "tco2e", "µg", "mg", "ppm", "db", "db(a)", "lux", "lm",
    }
)  # fmt: skip
SLACK = 0.01
PLACE = "\x1fplace"


def without_blank_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out rows without any text; those between others are reported, those at the end are not."""
    kept, blank = split_blank_rows(frame)
    last = kept[LINE][-1] if kept.height else 0
    return kept, [Fault("blank-row", line) for line in blank if line < last]


def split_blank_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[int]]:
    """Return the rows with some text, and the lines of those without any."""
    cells = [name for name in frame.columns if name != LINE]
    for name in cells:  # a few columns are enough to see that no row is blank
        if frame[name].null_count() == 0:
            return frame, []
    empty = frame.select(pl.all_horizontal(pl.col(cells).is_null())).to_series()
    return (frame.filter(~empty), frame.filter(empty)[LINE].to_list()) if empty.any() else (frame, [])


def _key_positions(headers: Sequence[str], wanted: Wanted) -> list[str]:
    names = {fold(wanted.headers[column]) for column in (wanted.keys or wanted.required) if column in wanted.headers}
    return [str(index) for index, header in enumerate(headers) if fold(header) in names]


def _is_unit(cell: str) -> bool:
    bare = cell.strip().strip("()[]").strip().casefold().removeprefix("en ")
    return bare in UNITS or "/" in bare and all(part in UNITS for part in bare.split("/"))


def could_be_units(cells: Sequence[str]) -> bool:
    """Tell whether a row deserves a closer look: nothing in it is anything but a unit."""
    return all(not cell.strip() or _is_unit(cell) for cell in cells)


def without_unit_row(headers: Sequence[str], frame: pl.DataFrame, wanted: Wanted) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out the row under the header if units are all that it holds and its key is empty."""
    if frame.height == 0:
        return frame, []
    row = frame.row(0, named=True)
    line = row.pop(LINE)
    cells = [cell for cell in row.values() if cell and cell.strip()]
    keys = _key_positions(headers, wanted) or ["0"]
    letters = all(len(cell.strip()) == 1 and cell.strip().isalpha() for cell in cells)  # they may be codes
    if not cells or letters or not all(_is_unit(cell) for cell in cells):
        return frame, []
    if any((row[key] or "").strip() for key in keys):
        return frame, []
    return frame.slice(1), [Fault("unit-row", line, None, ", ".join(cells))]


def _number(cell: str | None) -> float | None:
    plain = re.sub(r"[\s\u00a0\u202f€]", "", cell or "").replace(",", ".")
    return float(plain) if re.fullmatch(r"[+-]?\d+(?:\.\d+)?", plain) else None


def _is_sum(row: dict[str, str | None], others: pl.DataFrame) -> bool:
    """Tell whether a number of the row is the sum of its column, which settles what the row is."""
    for name, cell in row.items():
        total = _number(cell)
        if total is None or others.height < 2:
            continue
        values = [_number(value) for value in others[name].to_list()]
        if None not in values and abs(sum(value for value in values if value is not None) - total) < SLACK:
            return True
    return False


@lru_cache(maxsize=64)
def _label(width: int) -> pl.Expr:
    """The first text of a row."""
    cells = [str(index) for index in range(width)]
    return pl.coalesce(pl.when(pl.col(name).str.strip_chars() != "").then(pl.col(name)) for name in cells)


def _like_totals(frame: pl.DataFrame, keys: Sequence[str], feet: Sequence[int]) -> pl.DataFrame:
    """Return the rows that begin as totals do, with an empty key or at a foot, with their ``PLACE``."""
    empty = [frame[key].is_null().arg_true() for key in keys if frame[key].null_count()]
    places = pl.concat([pl.Series(feet, dtype=pl.UInt32), *empty]).unique().sort()
    suspects = frame[places].with_columns(places.alias(PLACE))
    return suspects.filter(_label(frame.width - 1).str.contains(FIRST_LETTERS).fill_null(False))


def places_of_totals(headers: Sequence[str], frame: pl.DataFrame, wanted: Wanted, feet: Sequence[int]) -> list[int]:
    """Return the places of rows named as totals are, with an empty key or at one of the ``feet`` of tables."""
    suspects = _like_totals(frame, _key_positions(headers, wanted), feet)
    labels = suspects.select(_label(frame.width - 1)).to_series()
    return [place for place, label in zip(suspects[PLACE], labels, strict=True) if TOTAL.match(fold(label))]


def without_totals(headers: Sequence[str], frame: pl.DataFrame, wanted: Wanted) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out totals: the first text says so, and the key is empty or the number is the sum of those above.

    Sub-totals may stand anywhere, totals at the foot only.
    """
    keys = _key_positions(headers, wanted)
    if not headers or frame.height < 2:
        return frame, []
    last = frame.height - 1
    suspects = _like_totals(frame, keys, [last])
    totals: list[tuple[int, int, str]] = []
    foot = last
    for row in reversed(suspects.to_dicts()):
        place, line = row.pop(PLACE), row.pop(LINE)
        where, label = next((name, cell) for name, cell in row.items() if cell and cell.strip())
        said = TOTAL.match(fold(label))
        if said is None or (place != foot and not fold(label).startswith("sous")):
            continue
        other_keys = [key for key in keys if key != where]
        certain = bool(other_keys) and not any((row[key] or "").strip() for key in other_keys)
        if certain or (place == last and _is_sum(row, frame.head(place))):
            totals.append((place, line, label.strip()))
            foot = place - 1 if place == foot else foot
    if not totals:
        return frame, []
    kept = frame.with_row_index(PLACE).filter(~pl.col(PLACE).is_in([place for place, _, _ in totals])).drop(PLACE)
    return kept, [Fault("total-row", line, None, label) for _, line, label in reversed(totals)]


def without_rows_of_no_data(
    headers: Sequence[str], frame: pl.DataFrame, wanted: Wanted, *, may_have_totals: bool = True
) -> tuple[pl.DataFrame, list[Fault]]:
    """Leave out blank rows, units and totals; each is reported with its line."""
    rows, blank = without_blank_rows(frame)
    rows, units = without_unit_row(headers, rows, wanted)
    rows, totals = without_totals(headers, rows, wanted) if may_have_totals else (rows, [])
    return rows, [*blank, *units, *totals]
