"""Earlier versions and what changed between two: with the rights of now, and nothing that they hide."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import polars as pl
import pytest
import yaml

from governance.decisions.opa_server import wait_for_revision
from governance.lake import write_atomically
from governance.pipeline.in_force import put_in_force
from governance.shared_versions import record_path
from tests.api.small_platform import ENERGIE, LIEUX, ROWS, SUBVENTIONS, Running, small_platform, write_shared

pytestmark = pytest.mark.services
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}
ENERGY, PLACES = "/v1/feeds/consommation_energie", "/v1/feeds/lieux"
LATER = {
    # A building moved to a commune that the agreement does not cover, one came in, one changed, a hidden one changed.
    "consommation_energie": ENERGIE.replace("'Rue exemple 1', '44052'", "'Rue exemple 1', '44210'")
    .replace("'Rue exemple 4', '44210'", "'Rue exemple 4', '44052'")
    .replace("800.0", "801.0")
    .replace("300.0", "301.0"),
    "lieux": LIEUX.replace("'Aire exemple 1'", "'Aire exemple 1 bis'").replace(
        "('L-2', 'Aire exemple 2', -2.0653, 47.3266, DATE '2025-06-01', 'donges'),",
        "('L-6', 'Aire exemple 6', -2.1, 47.3, DATE '2025-06-01', 'donges'),",
    ),
}


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform of which this module alone changes the data."""
    with small_platform(tmp_path_factory.mktemp("moving")) as platform:
        yield platform


@pytest.fixture(autouse=True)
def first_version(moving: Running) -> None:
    write_shared(moving.platform, "v1", **ROWS)


def later(moving: Running, version: str = "v2", **rows: str) -> None:
    write_shared(moving.platform, version, **{**ROWS, **(rows or LATER)})


def codes(answer: httpx.Response) -> list[str]:
    return [reason["code"] for reason in answer.json()["reasons"]]


def pages(client: httpx.Client, address: str) -> tuple[list[dict[str, Any]], list[httpx.Response]]:
    rows: list[dict[str, Any]] = []
    answers = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        answers.append(answer)
        rows += answer.json()
        address = answer.links.get("next", {}).get("url", "")
    return rows, answers


def test_pages_stay_of_their_version_whatever_comes_meanwhile(moving: Running) -> None:
    client = moving.client()
    whole = client.get(PLACES).json()
    first = client.get(f"{PLACES}?limit=2&sort=id_lieu")
    later(moving)
    rest, answers = pages(client, first.links["next"]["url"])
    assert first.json() + rest == whole
    assert {answer.headers["archipel-data-version"] for answer in answers} == {"v1"}
    assert client.get(PLACES).headers["archipel-data-version"] == "v2"


def test_cursor_of_a_version_that_is_gone_starts_again(moving: Running) -> None:
    client = moving.client()
    following = client.get(f"{PLACES}?limit=2").links["next"]["url"]
    later(moving)
    record_path(moving.platform.lake, "v1").rename(record_path(moving.platform.lake, "kept-aside"))
    answer = client.get(following)
    assert (answer.status_code, codes(answer)) == (410, ["cursor_outdated"])


def test_a_version_is_read_by_name_and_by_instant_in_every_format(moving: Running) -> None:
    client = moving.client()
    before = client.get(PLACES)
    later(moving, "29990101T000000-later")
    for at in ("v1",):
        again = client.get(PLACES, params={"at": at})
        assert (again.json(), again.headers["etag"]) == (before.json(), before.headers["etag"])
        parquet = pl.read_parquet(io.BytesIO(client.get(PLACES, params={"at": at, "format": "parquet"}).content))
        assert parquet["nom"].to_list() == [row["nom"] for row in before.json()]
    assert client.get(PLACES, params={"at": "v1", "nom": "Aire exemple 1"}).headers["total-count"] == "1"
    assert client.get(PLACES, params={"nom": "Aire exemple 1"}).headers["total-count"] == "0"


def test_an_instant_finds_the_version_in_use_then(moving: Running) -> None:
    write_shared(moving.platform, "20260102T030405-aaaa", **ROWS)
    write_shared(moving.platform, "20260202T030405-bbbb", **{**ROWS, **LATER})
    for name, created in (
        ("20260102T030405-aaaa", "2026-01-02T03:04:05Z"),
        ("20260202T030405-bbbb", "2026-02-02T03:04:05Z"),
    ):
        path = record_path(moving.platform.lake, name)
        text = path.read_text(encoding="utf-8")
        start = text.index('"created_at":"') + len('"created_at":"')
        write_atomically(path, (text[:start] + created + text[text.index('"', start) :]).encode())
    client = moving.client()
    for at, version in (
        ("2026-01-15T00:00:00Z", "20260102T030405-aaaa"),
        ("2026-02-02T04:04:05+01:00", "20260202T030405-bbbb"),
        ("2026-02-02T03:04:04", "20260102T030405-aaaa"),
    ):
        answer = client.get(PLACES, params={"at": at})
        assert (answer.status_code, answer.headers.get("archipel-data-version")) == (200, version), answer.text
    early = client.get(PLACES, params={"at": "2020-01-01"})
    assert (early.status_code, codes(early)) == (404, ["version_unknown"])


@pytest.mark.parametrize("at", ["yesterday", "../../current", "v1/../v1", "9999999999999", "é", "\x00"])
def test_what_names_no_version_is_said(moving: Running, at: str) -> None:
    answer = moving.client().get(PLACES, params={"at": at})
    assert (answer.status_code, codes(answer)) == (400, ["version_unreadable"])


def test_the_rights_of_now_hold_for_rows_of_then(moving: Running) -> None:
    later(moving)
    client = moving.client("exemple-startup")
    answer = client.get(ENERGY, params={**RESEARCH, "at": "v1"})
    assert [row["consommation_kwh"] for row in answer.json()] == [1200.0, 800.0, 10.0]
    assert "PDL-EXEMPLE" not in answer.text and "44210" not in answer.text
    assert moving.client("exemple-eau").get(ENERGY, params={**RESEARCH, "at": "v1"}).status_code == 403
    assert moving.client().get(ENERGY, params={"at": "nothing"}).status_code == 401


def test_a_version_that_another_contract_shaped_is_closed(moving: Running) -> None:
    path = record_path(moving.platform.lake, "old")
    text = record_path(moving.platform.lake, "v1").read_text(encoding="utf-8")
    write_atomically(path, text.replace('"contract_version":"1.0.0"', '"contract_version":"0.9.0"').encode())
    answer = moving.client().get(PLACES, params={"at": "old"})
    assert (answer.status_code, codes(answer)) == (410, ["version_of_another_contract"])


def test_changes_are_rows_to_put_and_keys_to_take_away(moving: Running) -> None:
    client = moving.client()
    since = client.get(PLACES).headers["archipel-next-since"]
    nothing = client.get(PLACES, params={"since": since})
    assert (nothing.json(), nothing.headers["archipel-next-since"]) == ([], since)
    later(moving)
    answer = client.get(PLACES, params={"since": since})
    told = [(row["_change_type"], row["id_lieu"], row["nom"]) for row in answer.json()]
    assert told == [
        ("delete", "L-2", None),
        ("upsert", "L-1", "Aire exemple 1 bis"),
        ("upsert", "L-6", "Aire exemple 6"),
    ]
    assert client.get(PLACES, params={"since": answer.headers["archipel-next-since"]}).json() == []


def test_changes_applied_to_what_was_give_what_is(moving: Running) -> None:
    client = moving.client("exemple-startup")
    first = client.get(ENERGY, params=RESEARCH)
    mine = {row["point_livraison_id"]: row for row in first.json()}
    later(moving)
    query = f"{ENERGY}?purpose={RESEARCH['purpose']}&since={first.headers['archipel-next-since']}&limit=1"
    rows, answers = pages(client, query)
    for row in rows:
        kind = row.pop("_change_type")
        mine.pop(row["point_livraison_id"], None)
        if kind == "upsert":
            mine[row["point_livraison_id"]] = row
    now = client.get(ENERGY, params=RESEARCH).json()

    def without_line(rows: Any) -> list[tuple[tuple[str, Any], ...]]:
        shown = [tuple(sorted((k, v) for k, v in row.items() if k != "line_number")) for row in rows]
        return sorted(shown, key=repr)

    assert without_line(mine.values()) == without_line(now)
    assert len(rows) == 3 and {answer.headers["total-count"] for answer in answers} == {"3"}


def test_what_becomes_hidden_is_gone_and_what_is_hidden_never_shows(moving: Running) -> None:
    client = moving.client("exemple-startup")
    since = client.get(ENERGY, params=RESEARCH).headers["archipel-next-since"]
    later(moving)
    for file_format in ("json", "csv", "ndjson"):
        answer = client.get(ENERGY, params={**RESEARCH, "since": since, "format": file_format})
        assert answer.status_code == 200
        for hidden in ("PDL-EXEMPLE", "Rue exemple", "44210", "logement", "301.0"):
            assert hidden not in answer.text
    kinds = [row["_change_type"] for row in client.get(ENERGY, params={**RESEARCH, "since": since}).json()]
    assert kinds == ["delete", "upsert", "upsert"]
    # The dwelling's change is nowhere: not in the rows, not in the count.
    assert client.get(ENERGY, params={**RESEARCH, "since": since, "count": "true"}).json()["count"] == 3


def test_a_row_that_leaves_the_callers_own_filter_is_gone_for_them(moving: Running) -> None:
    client = moving.client()
    since = client.get(PLACES).headers["archipel-next-since"]
    later(moving)
    told = client.get(PLACES, params={"since": since, "nom": "Aire exemple 1"}).json()
    assert [(row["_change_type"], row["id_lieu"]) for row in told] == [("delete", "L-1")]
    boxed = client.get(PLACES, params={"since": since, "bbox": "-2.15,47.25,-2.05,47.35", "format": "geojson"}).json()
    assert [f["properties"]["_change_type"] for f in boxed["features"]] == ["delete", "upsert"]
    assert [f["geometry"] for f in boxed["features"]] == [None, {"type": "Point", "coordinates": [-2.1, 47.3]}]


def test_two_rows_of_one_key_come_together(moving: Running) -> None:
    twice = LIEUX.replace("('L-4',", "('L-1', 'Le même', -2.0, 47.3, NULL, 'trignac'), ('L-4',")
    later(moving, "twice", lieux=twice)
    client = moving.client()
    since = client.get(PLACES).headers["archipel-next-since"]
    later(moving, "twice-later", lieux=twice.replace("Le même", "Un autre"))
    told = client.get(PLACES, params={"since": since, "sort": "nom"}).json()
    assert [(row["_change_type"], row["nom"]) for row in told] == [("upsert", "Aire exemple 1"), ("upsert", "Un autre")]


def test_a_new_file_with_the_same_rows_changes_nothing(moving: Running) -> None:
    client = moving.client()
    since = client.get("/v1/feeds/subventions").headers["archipel-next-since"]
    later(moving, subventions=f"SELECT * FROM ({SUBVENTIONS}) ORDER BY beneficiaire DESC")
    answer = client.get("/v1/feeds/subventions", params={"since": since})
    assert (answer.json(), answer.headers["total-count"]) == ([], "0")
    assert answer.headers["archipel-next-since"].startswith("v2.")


@pytest.mark.parametrize(
    ("since", "status", "code"),
    [
        ("v1", 400, "since_unreadable"),
        ("", 400, "since_unreadable"),
        ("v1.0123456789abcdef", 410, "since_outdated"),
        ("nothing.{rights}", 410, "since_outdated"),
        ("../v1.{rights}", 410, "since_outdated"),
    ],
)
def test_changes_since_what_the_platform_did_not_give_are_refused(
    moving: Running, since: str, status: int, code: str
) -> None:
    client = moving.client()
    rights = client.get(PLACES).headers["archipel-next-since"].rpartition(".")[2]
    answer = client.get(PLACES, params={"since": since.format(rights=rights)})
    assert (answer.status_code, codes(answer)) == (status, [code])


def test_another_partys_since_is_of_no_use(moving: Running) -> None:
    startup = moving.client("exemple-startup").get(ENERGY, params=RESEARCH).headers["archipel-next-since"]
    assert moving.client().get(ENERGY, params={**RESEARCH, "since": startup}).status_code == 401
    open_rights = moving.client().get(PLACES).headers["archipel-next-since"].rpartition(".")[2]
    answer = moving.client("exemple-startup").get(ENERGY, params={**RESEARCH, "since": f"v1.{open_rights}"})
    assert (answer.status_code, codes(answer)) == (410, ["since_outdated"])


def test_a_count_is_of_what_may_be_seen(moving: Running) -> None:
    assert moving.client().get(PLACES, params={"count": "true"}).json() == {"count": 5, "version": "v1"}
    client = moving.client("exemple-startup")
    assert client.get(ENERGY, params={**RESEARCH, "count": "true"}).json()["count"] == 3
    assert client.get(ENERGY, params={**RESEARCH, "count": "true", "commune_insee": "44210"}).json()["count"] == 0
    counted = client.get(ENERGY, params={**RESEARCH, "count": "true"})
    again = client.get(ENERGY, params={**RESEARCH, "count": "true"}, headers={"If-None-Match": counted.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ("-2.3,47.2,-2.0,47.4", ["L-1", "L-2"]),
        ("-2.0653,47.3266,-2.0653,47.3266", ["L-2"]),
        ("-2.3,47.2,0,-2.0,47.4,100", ["L-1", "L-2"]),
        ("179,-90,-2.1,90", ["L-1"]),
        ("-180,-90,180,90", ["L-1", "L-2", "L-3"]),
        ("0,0,1,1", []),
    ],
)
def test_a_box_keeps_what_lies_in_it(moving: Running, bbox: str, found: list[str]) -> None:
    answer = moving.client().get(PLACES, params={"bbox": bbox})
    assert answer.status_code == 200, answer.text
    assert [row["id_lieu"] for row in answer.json()] == found


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "0,50,1,40", "-200,0,0,1", "0,0,1,nan", "0,0,0,0,0"])
def test_what_is_no_box_is_said(moving: Running, bbox: str) -> None:
    answer = moving.client().get(PLACES, params={"bbox": bbox})
    assert (answer.status_code, codes(answer)) == (400, ["bbox_unreadable"])


def test_a_box_needs_a_geometry(moving: Running) -> None:
    answer = moving.client().get("/v1/feeds/subventions", params={"bbox": "0,0,1,1"})
    assert (answer.status_code, codes(answer)) == (400, ["bbox_needs_geometry"])


def test_too_many_values_are_refused_and_not_left_out(moving: Running) -> None:
    answer = moving.client().get(PLACES, params={"id_lieu__in": ",".join(f"L-{n}" for n in range(300))})
    assert (answer.status_code, codes(answer)) == (400, ["too_many_values"])


def test_cursor_of_changes_goes_on_with_those_changes(moving: Running) -> None:
    client = moving.client()
    since = client.get(PLACES).headers["archipel-next-since"]
    later(moving)
    first = client.get(PLACES, params={"since": since, "limit": "1"})
    cursor = parse_qs(urlsplit(first.links["next"]["url"]).query)["cursor"][0]
    other = client.get(PLACES, params={"limit": "1", "cursor": cursor})
    assert (other.status_code, codes(other)) == (410, ["cursor_outdated"])
    write_shared(moving.platform, "v3", **ROWS)
    rest, _ = pages(client, first.links["next"]["url"])
    assert [row["id_lieu"] for row in first.json() + rest] == ["L-2", "L-1", "L-6"]


def test_what_a_person_deleted_is_not_given_again(moving: Running) -> None:
    client = moving.client()
    since = client.get(PLACES).headers["archipel-next-since"]
    following = client.get(f"{PLACES}?limit=1").links["next"]["url"]
    write_shared(moving.platform, "v2", **{**ROWS, "lieux": f"SELECT * FROM ({LIEUX}) WHERE member_id <> 'trignac'"})
    before = client.get(PLACES, params={"at": "v1"})
    assert before.headers["total-count"] == "5"
    fields = {"action": "deleted", "member": "trignac", "source": "source"}
    moving.platform.journal.append("source_change", fields, subject="officer", target="lieux")
    after = client.get(PLACES, params={"at": "v1"})
    assert [row["id_lieu"] for row in after.json()] == ["L-1", "L-2"]
    assert after.headers["etag"] != before.headers["etag"]
    assert client.get(PLACES, params={"at": "v1", "count": "true"}).json()["count"] == 2
    assert client.get(following).status_code == 410
    # Whoever has them is told by their keys alone to take them away.
    told = client.get(PLACES, params={"since": since}).json()
    assert [(row["_change_type"], row["id_lieu"], row["nom"]) for row in told] == [
        ("delete", "L-3", None),
        ("delete", "L-4", None),
        ("delete", "L-5", None),
    ]


def test_without_a_key_that_is_seen_a_row_is_its_own_key(moving: Running) -> None:
    path = moving.platform.settings.federation_dir / "agreements" / "exemple-startup.yaml"
    before = path.read_text(encoding="utf-8")
    declared = yaml.safe_load(before)
    columns = {"batiment_type": "show", "commune_insee": "show", "consommation_kwh": "show"}
    settings, journal = moving.platform.settings, moving.platform.journal
    path.write_text(yaml.safe_dump({**declared, "columns": columns}, allow_unicode=True), encoding="utf-8")
    try:
        wait_for_revision(settings, put_in_force(settings, journal))
        client = moving.client("exemple-startup")
        write_shared(moving.platform, "without-key", **ROWS)
        since = client.get(ENERGY, params=RESEARCH).headers["archipel-next-since"]
        later(moving)
        answer = client.get(ENERGY, params={**RESEARCH, "since": since})
        assert answer.status_code == 200, answer.text
        key = answer.headers["archipel-change-key"].split(", ")
        assert key[:3] == ["batiment_type", "commune_insee", "consommation_kwh"]
        told = [(row["_change_type"], row["batiment_type"], row["consommation_kwh"]) for row in answer.json()]
        assert told == [
            ("delete", "mairie", 800.0),
            ("delete", "école", 1200.0),
            ("upsert", "mairie", 801.0),
            ("upsert", "école", 650.0),
        ]
        assert "44210" not in answer.text and "logement" not in answer.text
        fields = {"action": "deleted", "member": "exemple-reseau", "source": "source"}
        journal.append("source_change", fields, subject="officer", target="consommation_energie")
        again = client.get(ENERGY, params={**RESEARCH, "since": since})
        assert (again.status_code, codes(again)) == (410, ["since_outdated"])
    finally:
        path.write_text(before, encoding="utf-8")
        wait_for_revision(settings, put_in_force(settings, journal))
