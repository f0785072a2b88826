"""Which columns make a geometry, how cells of each kind are drawn, and that one that cannot be read says nothing."""

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from governance.api.geometry import Geometry, feature_id_sql, geometry_of
from governance.contracts.model import Column, Contract
from governance.contracts.odcs import load_contracts
from governance.decisions.model import Decision, Mask, MaskName, Reason
from governance.settings import PROJECT_ROOT

SQUARE = '{"type":"Polygon","coordinates":[[[-2.0,47.0],[-1.0,47.0],[-1.0,48.0],[-2.0,48.0],[-2.0,47.0]]]}'


def drawn(geometry: Geometry, **cells: Any) -> str | None:
    """A row's geometry as WKT."""
    listed = ", ".join(f'? AS "{name}"' for name in cells)
    with duckdb.connect() as connection:
        sql = f"SELECT ST_AsText({geometry.to_sql()}) FROM (SELECT {listed})"
        found = connection.execute(sql, list(cells.values())).fetchone()
    assert found is not None
    return None if found[0] is None else str(found[0])


@pytest.mark.parametrize(
    ("cell", "wkt"),
    [
        ("-2.2137, 47.2735", "POINT (-2.2137 47.2735)"),
        ("[-2.2137, 47.2735]", "POINT (-2.2137 47.2735)"),
        ("-2,47", "POINT (-2 47)"),
        ("355000, 6689000", None),
        ("[-2.2137; 47.2735]", None),
        ("secret of a cell", None),
        ("", None),
        (None, None),
    ],
)
def test_a_point_in_one_cell(cell: str | None, wkt: str | None) -> None:
    assert drawn(Geometry("geopoint", ("place",)), place=cell) == wkt


@pytest.mark.parametrize(
    ("cell", "wkt"),
    [
        ('{"type":"Point","coordinates":[-2.5,47.5]}', "POINT (-2.5 47.5)"),
        (SQUARE, "POLYGON ((-2 47, -1 47, -1 48, -2 48, -2 47))"),
        ('{"type":"Point"', None),
        ('{"type":"Nothing","coordinates":[1,2]}', None),
        ("secret of a cell", None),
        (None, None),
    ],
)
def test_a_shape_in_one_cell(cell: str | None, wkt: str | None) -> None:
    assert drawn(Geometry("geojson", ("shape",)), shape=cell) == wkt


@pytest.mark.parametrize(
    ("east", "north", "wkt"),
    [(-2.0, 47.5, "POINT (-2 47.5)"), (None, 47.0, None), (-2.0, None, None), (181.0, 0.0, None)],
)
def test_two_columns(east: float | None, north: float | None, wkt: str | None) -> None:
    assert drawn(Geometry("pair", ("x", "y")), x=east, y=north) == wkt


@pytest.mark.parametrize(
    ("box", "is_met"),
    [((-1.5, 47.5, 0.0, 49.0), True), ((-3.0, 46.0, 0.0, 49.0), True), ((0.0, 47.0, 1.0, 48.0), False)],
)
def test_a_box_meets_a_shape(box: tuple[float, float, float, float], is_met: bool) -> None:
    condition = Geometry("geojson", ("shape",)).within(*box)
    with duckdb.connect() as connection:
        sql = f"SELECT {condition.to_sql()} FROM (SELECT ? AS shape)"
        assert connection.execute(sql, [*condition.values, SQUARE]).fetchone() == (is_met,)
        assert connection.execute(sql, [*condition.values, "no shape"]).fetchone() == (False,)


def decision(**masks: MaskName) -> Decision:
    made = {
        name: Mask(mask=mask, step=0.1, to="step") if mask == "generalise" else Mask(mask=mask)
        for name, mask in masks.items()
    }
    why = Reason(code="open_data", rule="r", text_fr="f", text_en="e")
    return Decision(allow=True, row_filter={}, column_masks=made, reasons=(why,), valid_until=datetime.now(UTC))


def contract(**types: Any) -> Contract:
    columns = tuple(Column(name=name, type=kind) for name, kind in types.items())
    return Contract(id="d", version="1.0.0", title="D", columns=columns, primary_key=("id",))


@pytest.mark.parametrize(
    ("types", "masks", "found"),
    [
        ({"lon": "number", "lat": "number"}, {"lon": "show", "lat": "show"}, ("lon", "lat")),
        ({"lon": "number", "lat": "number"}, {"lon": "generalise", "lat": "generalise"}, ("lon", "lat")),
        ({"lon": "number", "lat": "number"}, {"lon": "hash", "lat": "show"}, None),
        ({"lon": "number", "lat": "number"}, {"lon": "null", "lat": "show"}, None),
        ({"lon": "number", "lat": "number"}, {"lat": "show"}, None),
        ({"lon": "string", "lat": "string"}, {"lon": "show", "lat": "show"}, None),
        (
            {"lon": "number", "longitude": "number", "lat": "number"},
            dict.fromkeys(("lon", "longitude", "lat"), "show"),
            None,
        ),
        (
            {"place": "geopoint", "lon": "number", "lat": "number"},
            dict.fromkeys(("place", "lon", "lat"), "show"),
            ("place",),
        ),
        ({"shape": "geojson", "place": "geopoint"}, {"shape": "truncate", "place": "show"}, ("place",)),
    ],
)
def test_a_geometry_is_made_of_what_is_shown_alone(
    types: dict[str, str], masks: dict[str, MaskName], found: tuple[str, ...] | None
) -> None:
    geometry = geometry_of(contract(**types), decision(**masks), list(types))
    assert (geometry.columns if geometry else None) == found


def test_a_feature_is_not_known_by_what_is_hidden() -> None:
    types = {"id": "string", "secret": "string", "name": "string"}
    assert '"id"' in feature_id_sql(contract(**types), decision(id="show", name="show"), list(types))
    by_rows = feature_id_sql(contract(**types), decision(name="show"), list(types))
    assert '"id"' not in by_rows and '"secret"' not in by_rows and '"name"' in by_rows


def test_the_federations_places_have_a_geometry() -> None:
    contracts = load_contracts(PROJECT_ROOT / "federation" / "contracts")
    for name in ("lieux_covoiturage", "equipements"):
        shown: dict[str, MaskName] = {column.name: "show" for column in contracts[name].columns}
        assert geometry_of(contracts[name], decision(**shown), list(shown)), name
