"""A partner's token gets its rows and not one cell more; another gets a reason. Real server, real policy engine."""

import csv
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import polars as pl
import pytest

from tests.api.small_platform import Running

pytestmark = pytest.mark.services
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}


def codes(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return [reason["code"] for reason in answer.json()["reasons"]]


def test_open_feed_needs_no_token_and_is_whole(running: Running) -> None:
    answer = running.client().get("/v1/feeds/subventions")
    assert answer.status_code == 200
    assert [row["montant"] for row in answer.json()] == [1500.5, 200.0, 99999.0, 1500.5, 7.25]
    assert answer.headers["total-count"] == "5"


def test_three_formats_hold_the_same_rows(running: Running) -> None:
    client = running.client()
    from_json = client.get("/v1/feeds/subventions?format=json").json()
    from_csv = list(csv.DictReader(io.StringIO(client.get("/v1/feeds/subventions?format=csv").text)))
    from_parquet = pl.read_parquet(client.get("/v1/feeds/subventions?format=parquet").content)
    assert [row["beneficiaire"] for row in from_csv] == [row["beneficiaire"] for row in from_json]
    assert from_parquet["beneficiaire"].to_list() == [row["beneficiaire"] for row in from_json]
    assert [row["dateConvention"] for row in from_json][:3] == ["2024-01-31", "2024-02-29", None]
    assert [row["dateConvention"] for row in from_csv][:3] == ["2024-01-31", "2024-02-29", ""]


def test_csv_disarms_formulas_and_json_does_not_touch_them(running: Running) -> None:
    rows = list(csv.DictReader(io.StringIO(running.client(accept="text/csv").get("/v1/feeds/subventions").text)))
    assert [row["objet"] for row in rows] == ["'=1+1", "plain", "-12,5", "", "100 %"]
    assert running.client().get("/v1/feeds/subventions").json()[0]["objet"] == "=1+1"


def test_partner_gets_its_rows_and_not_one_cell_more(running: Running) -> None:
    answer = running.client("exemple-startup").get("/v1/feeds/consommation_energie", params=RESEARCH)
    assert answer.status_code == 200, answer.text
    rows = answer.json()
    shown = {"point_livraison_id", "batiment_type", "commune_insee", "mois", "consommation_kwh", "member_id"}
    assert all(set(row) <= shown for row in rows)
    assert [row["consommation_kwh"] for row in rows] == [1200.0, 800.0, 10.0]
    assert answer.headers["total-count"] == "3"
    assert "PDL-EXEMPLE" not in answer.text
    assert "Rue exemple" not in answer.text
    assert "delete_after; days=365" in answer.headers["archipel-duties"]


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet"])
def test_no_format_holds_a_hidden_byte(running: Running, file_format: str) -> None:
    client = running.client("exemple-startup")
    for more in ({}, {"limit": "2"}, {"sort": "-mois"}):
        params = {**RESEARCH, "format": file_format, **more}
        answer = client.get("/v1/feeds/consommation_energie", params=params)
        assert answer.status_code == 200
        assert b"PDL-EXEMPLE" not in answer.content
        assert b"Rue exemple" not in answer.content
        assert b"44210" not in answer.content


@pytest.mark.parametrize(
    ("organisation", "params", "status", "code"),
    [
        (None, RESEARCH, 401, None),
        ("exemple-startup", {}, 403, "purpose_missing"),
        ("exemple-startup", {"purpose": "dpv:Marketing"}, 403, "purpose_not_covered"),
        ("exemple-eau", RESEARCH, 403, "agreement_expired"),
        ("exemple-region", RESEARCH, 403, "no_agreement"),
    ],
)
def test_refusal_names_its_rule(
    running: Running, organisation: str | None, params: dict[str, str], status: int, code: str | None
) -> None:
    answer = running.client(organisation).get("/v1/feeds/consommation_energie", params=params)
    assert answer.status_code == status
    found = codes(answer)
    assert found and (code is None or code in found)
    for reason in answer.json()["reasons"]:
        assert reason["text"] and reason["change"] and reason["page"].endswith(f"/fr/reasons/{reason['code']}")
    assert "44052" not in answer.text


def test_personal_data_never_leaves_the_feed(running: Running) -> None:
    for organisation in (None, "exemple-startup", "carene"):
        answer = running.client(organisation).get("/v1/feeds/signalements", params=RESEARCH)
        assert answer.status_code in (401, 403)
        assert "Habitant" not in answer.text


def test_refusal_speaks_the_language_of_the_caller(running: Running) -> None:
    french = running.client("exemple-eau").get("/v1/feeds/consommation_energie", params=RESEARCH).json()
    english = running.client("exemple-eau", **{"Accept-Language": "en-GB,fr;q=0.5"}).get(
        "/v1/feeds/consommation_energie", params=RESEARCH
    )
    assert (french["title"], english.json()["title"]) == ("Accès refusé", "Access refused")
    assert english.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("montant=200", [200.0]),
        ("montant__gte=1500.5", [1500.5, 99999.0, 1500.5]),
        ("montant__lt=200", [7.25]),
        ("montant__in=200,7.25", [200.0, 7.25]),
        ("dateConvention__gte=2024-02-01", [200.0, 7.25]),
        ("dateConvention__isnull=true", [99999.0]),
        ("notifie=true&montant__lt=2000", [1500.5, 7.25]),
        ("notifie__ne=true", [200.0, 1500.5]),
        ("member_id=trignac", [1500.5, 7.25]),
        ('beneficiaire__contains=dite "cinq"', [7.25]),
        ("objet__startswith=100 %25", [7.25]),
        ("beneficiaire=' OR 1=1 --", []),
        ("sort=-montant,beneficiaire&limit=3", [99999.0, 1500.5, 1500.5]),
    ],
)
def test_filters_keep_exactly_the_rows_that_fit(running: Running, query: str, amounts: list[float]) -> None:
    answer = running.client().get(f"/v1/feeds/subventions?{query}")
    assert answer.status_code == 200, answer.text
    assert [row["montant"] for row in answer.json()] == amounts


def test_columns_are_chosen_and_ordered(running: Running) -> None:
    answer = running.client().get("/v1/feeds/subventions?columns=montant,beneficiaire&limit=1")
    assert list(answer.json()[0]) == ["montant", "beneficiaire"]


@pytest.mark.parametrize(
    ("query", "code", "column"),
    [
        ("adresse=Rue exemple 1", "column_hidden", "adresse"),
        ("adresse__startswith=R", "column_hidden", "adresse"),
        ("sort=adresse", "column_hidden", "adresse"),
        ("columns=adresse", "column_hidden", "adresse"),
        ("nothing=1", "column_unknown", "nothing"),
        ("consommation_kwh=abc", "value_unreadable", "consommation_kwh"),
        ("consommation_kwh=NaN", "value_unreadable", "consommation_kwh"),
        ("consommation_kwh__contains=1", "operator_unknown", "consommation_kwh"),
        ("limit=0", "parameter_invalid", "limit"),
        ("limit=1e3", "parameter_invalid", "limit"),
        ("limit=999999999999", "parameter_invalid", "limit"),
    ],
)
def test_wrong_question_is_answered_with_the_name_of_the_column(
    running: Running, query: str, code: str, column: str
) -> None:
    address = f"/v1/feeds/consommation_energie?purpose=dpv:ResearchAndDevelopment&{query}"
    answer = running.client("exemple-startup").get(address)
    assert answer.status_code == 400
    assert codes(answer) == [code]
    assert column in answer.json()["detail"]


def test_masked_value_cannot_be_found_by_its_clear_text(running: Running) -> None:
    client = running.client("exemple-startup")
    clear = client.get("/v1/feeds/consommation_energie", params={**RESEARCH, "point_livraison_id": "PDL-EXEMPLE-1"})
    assert (clear.status_code, clear.json()) == (200, [])
    masked = client.get("/v1/feeds/consommation_energie", params=RESEARCH).json()[0]["point_livraison_id"]
    found = client.get("/v1/feeds/consommation_energie", params={**RESEARCH, "point_livraison_id": masked})
    assert len(found.json()) == 1


def follow(client: httpx.Client, address: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        rows += answer.json()
        address = answer.links.get("next", {}).get("url", "")
    return rows


@pytest.mark.parametrize("query", ["limit=2", "limit=1&sort=montant", "limit=2&sort=-notifie", "limit=3&montant__gt=1"])
def test_pages_together_are_the_whole_without_gap_or_repeat(running: Running, query: str) -> None:
    client = running.client()
    paged = follow(client, f"/v1/feeds/subventions?{query}")
    whole = client.get("/v1/feeds/subventions").json()
    assert sorted(map(json.dumps, paged)) == sorted(map(json.dumps, whole))


def test_cursor_serves_its_own_query_only(running: Running) -> None:
    client = running.client()
    following = client.get("/v1/feeds/subventions?limit=2").links["next"]["url"]
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    other = client.get(f"/v1/feeds/subventions?limit=2&montant__gt=100&cursor={cursor}")
    assert (other.status_code, codes(other)) == (410, ["cursor_outdated"])
    for forged in (cursor[:-2] + "AA", "x", "....", "é"):
        answer = client.get("/v1/feeds/subventions", params={"limit": 2, "cursor": forged})
        assert (answer.status_code, codes(answer)) == (400, ["cursor_invalid"])


def test_unchanged_feed_costs_no_bytes(running: Running) -> None:
    client = running.client()
    for address in ("/v1/feeds/subventions?format=csv", "/v1/feeds/subventions?limit=2"):
        first = client.get(address)
        again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert client.get("/v1/feeds/subventions", headers={"If-None-Match": '"other"'}).status_code == 200


def test_two_callers_never_share_an_etag_of_different_rows(running: Running) -> None:
    formats = {name: running.client().get(f"/v1/feeds/subventions?format={name}") for name in ("csv", "json")}
    assert formats["csv"].headers["etag"] != formats["json"].headers["etag"]
    assert "Authorization" in formats["csv"].headers["vary"]


def test_whole_file_is_served_in_ranges(running: Running) -> None:
    client = running.client()
    whole = client.get("/v1/feeds/subventions?format=csv").content
    part = client.get("/v1/feeds/subventions?format=csv", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        ("application/json", "application/json"),
        ("application/vnd.apache.parquet", "application/vnd.apache.parquet"),
        ("*/*", "application/json"),
        ("text/html;q=0.9, text/csv;q=0.5", "text/csv"),
    ],
)
def test_accept_chooses_the_format(running: Running, accept: str, kind: str) -> None:
    answer = running.client(accept=accept).get("/v1/feeds/subventions")
    assert answer.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("address", ["/v1/feeds/subventions?format=xml", "/v1/feeds/subventions"])
def test_unknown_format_is_refused(running: Running, address: str) -> None:
    answer = running.client(accept="image/png").get(address)
    assert (answer.status_code, codes(answer)) == (406, ["format_not_available"])


def test_unknown_dataset_and_dataset_without_data_are_two_messages(running: Running) -> None:
    unknown, empty = running.client().get("/v1/feeds/nothing"), running.client().get("/v1/feeds/deliberations")
    assert (unknown.status_code, codes(unknown)) == (404, ["dataset_not_found"])
    assert (empty.status_code, codes(empty)) == (404, ["dataset_without_data"])


def test_bad_token_is_refused_even_for_an_open_feed(running: Running) -> None:
    for value, code in (("Bearer abc", "token_malformed"), ("Basic abc", "token_malformed")):
        answer = running.client(authorization=value).get("/v1/feeds/subventions")
        assert (answer.status_code, codes(answer)) == (401, [code])
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_list_says_which_feeds_are_readable_and_why_not(running: Running) -> None:
    feeds = {feed["id"]: feed for feed in running.client().get("/v1/feeds").json()["feeds"]}
    assert list(feeds) == ["deliberations", "lieux", "subventions", "consommation_energie", "signalements"]
    assert feeds["subventions"]["rows"] == 5
    assert not feeds["consommation_energie"]["access"]["readable"]
    assert feeds["consommation_energie"]["rows"] is None
    assert feeds["consommation_energie"]["access"]["reasons"]
    mine = {
        feed["id"]: feed for feed in running.client("exemple-startup").get("/v1/feeds", params=RESEARCH).json()["feeds"]
    }
    assert mine["consommation_energie"]["rows"] == 3


def test_description_shows_masks_and_marks_what_is_hidden(running: Running) -> None:
    answer = running.client("exemple-startup").get("/v1/feeds/consommation_energie/description", params=RESEARCH)
    columns = {column["name"]: column for column in answer.json()["columns"]}
    assert columns["point_livraison_id"]["mask"] == "hash"
    assert answer.json()["primary_key"] == ["point_livraison_id"]
    assert columns["adresse"]["mask"] == "hidden"
    assert columns["adresse"]["operators"] == []
    assert "gte" in columns["consommation_kwh"]["operators"]


def test_purpose_may_come_as_a_header_but_not_twice_differently(running: Running) -> None:
    client = running.client("exemple-startup", **{"Archipel-Purpose": "dpv:ResearchAndDevelopment"})
    assert client.get("/v1/feeds/consommation_energie").status_code == 200
    answer = client.get("/v1/feeds/consommation_energie", params={"purpose": "dpv:Marketing"})
    assert (answer.status_code, codes(answer)) == (400, ["purpose_conflict"])


def test_kept_files_are_named_by_what_the_decision_shows(running: Running) -> None:
    running.client().get("/v1/feeds/subventions?format=csv")
    running.client("exemple-startup").get("/v1/feeds/consommation_energie", params={**RESEARCH, "format": "csv"})
    kept = Path(running.platform.settings.state_dir) / "feeds" / "whole"
    assert list(kept.glob("subventions/-/*.csv.5"))
    assert list(kept.glob("consommation_energie/exemple-startup/*.csv.3"))
    assert not list((kept.parent).glob("page-*"))
