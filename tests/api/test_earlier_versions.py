"""A feed by an earlier major version of its contract: other names and words, the same rights, until a day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from governance.api.earlier_views import contract_read, seen_columns
from governance.api.problems import ProblemError
from governance.contracts.odcs import dump_contract
from governance.decisions.model import Decision, Mask
from governance.journal.model import Search
from governance.platform import open_platform
from governance.settings import PROJECT_ROOT, Settings
from tests.api.small_platform import CONTRACTS, LIEUX, ROWS, STARTUP, Running, small_platform, write_shared

pytestmark = pytest.mark.services
PLACES, ENERGY = "/v1/feeds/lieux", "/v1/feeds/consommation_energie"
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}
LAST_DAY = datetime.now(UTC).date() + timedelta(days=30)
RENAMED: dict[str, dict[str, str]] = {
    "lieux": {"id_lieu": "code", "nom": "libelle", "Xlong": "longitude", "Ylat": "latitude"},
    "consommation_energie": {"point_livraison_id": "pdl", "batiment_type": "genre", "consommation_kwh": "conso"},
    "subventions": {"beneficiaire": "tiers"},
    "signalements": {"signalement_id": "numero"},
}


def _write_earlier(root: Path, dataset: str, until: date, codes: dict[str, str], lost: str | None = None) -> None:
    """Write version 0 of a contract: some columns had other names, and one may be there no more; synthetic."""
    current = next(one for one in CONTRACTS if one.id == dataset)
    document = yaml.safe_load(dump_contract(current)) | {"version": "0.4.0"}
    properties = document["schema"][0]["properties"]
    for item in properties:
        item["name"] = RENAMED[dataset].get(item["name"], item["name"])
    if lost is not None:
        properties.append({"name": lost, "logicalType": "string", "required": dataset == "subventions"})
    upgrade: dict[str, dict[str, Any]] = {now: {"from": then} for now, then in RENAMED[dataset].items()}
    if codes:
        upgrade["batiment_type"]["codes"] = codes
    document.setdefault("customProperties", []).extend(
        [{"property": "supportedUntil", "value": until.isoformat()}, {"property": "upgrade", "value": upgrade}]
    )
    path = root / "contracts" / "earlier" / f"{dataset}-0.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The small platform, whose contracts had another version before."""
    root = tmp_path_factory.mktemp("earlier")

    def declare() -> None:
        federation = root / "federation"
        _write_earlier(federation, "lieux", LAST_DAY, {}, lost="horaires")
        _write_earlier(federation, "consommation_energie", LAST_DAY, {"EC": "école", "ME": "école", "MA": "mairie"})
        _write_earlier(federation, "subventions", LAST_DAY, {}, lost="perdue")
        _write_earlier(federation, "signalements", datetime.now(UTC).date() - timedelta(days=1), {})

    with small_platform(root, declare) as platform:
        yield platform


@pytest.fixture(autouse=True)
def first_version(small: Running) -> None:
    write_shared(small.platform, "v1", **ROWS)


def rows(client: httpx.Client, address: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(address, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def test_whole_feed_stands_under_the_earlier_names_and_says_until_when(small: Running) -> None:
    with small.client() as client:
        now, then = client.get(PLACES, params={"format": "csv"}), client.get(f"{PLACES}?format=csv&contract=0")
    assert then.text.splitlines()[0].startswith("code,libelle,longitude,latitude,date_maj,member_id")
    assert then.text.splitlines()[1:] == now.text.splitlines()[1:]
    assert (now.headers["Archipel-Contract-Version"], then.headers["Archipel-Contract-Version"]) == ("1.0.0", "0.4.0")
    assert parsedate_to_datetime(then.headers["Sunset"]).date() == LAST_DAY + timedelta(days=1)
    assert f'<{PLACES}>; rel="successor-version"' in then.headers["Link"]
    assert "Sunset" not in now.headers and now.headers["ETag"] != then.headers["ETag"]


def test_filters_sort_pages_and_places_go_by_the_names_that_are_shown(small: Running) -> None:
    with small.client() as client:
        found = rows(client, PLACES, contract="0", libelle__contains="exemple 2", columns="code,libelle")
        assert found == [{"code": "L-2", "libelle": "Aire exemple 2"}]
        page = client.get(PLACES, params={"contract": "0", "limit": "2", "sort": "-code"})
        assert [row["code"] for row in page.json()] == ["L-5", "L-4"]
        following = client.get(page.links["next"]["url"])
        assert [row["code"] for row in following.json()] == ["L-3", "L-2"]
        places = client.get(PLACES, params={"contract": "0", "format": "geojson"}).json()["features"]
        assert places[0]["geometry"] == {"type": "Point", "coordinates": [-2.2137, 47.2735]}
        assert client.get(PLACES, params={"contract": "0", "id_lieu": "L-1"}).status_code == 400


def test_earlier_version_shows_what_the_decision_leaves_and_in_the_words_of_then(small: Running) -> None:
    with small.client("exemple-startup") as client:
        now, then = rows(client, ENERGY, **RESEARCH), rows(client, ENERGY, contract="0", **RESEARCH)
        hidden = client.get(ENERGY, params={"contract": "0", "adresse": "Rue exemple 1", **RESEARCH})
    assert [row["genre"] for row in then] == [
        {"école": "EC", "mairie": "MA", None: None}[row["batiment_type"]] for row in now
    ]
    for old, new in (("pdl", "point_livraison_id"), ("conso", "consommation_kwh"), ("mois", "mois")):
        assert [row[old] for row in then] == [row[new] for row in now]
    assert all("adresse" not in row for row in then) and len(then[0]["pdl"]) == 64
    assert hidden.status_code == 400


def test_what_changed_is_told_by_the_earlier_key(small: Running) -> None:
    with small.client() as client:
        since = client.get(PLACES, params={"contract": "0"}).headers["Archipel-Next-Since"]
        current = client.get(PLACES).headers["Archipel-Next-Since"]
        write_shared(small.platform, "v2", **{**ROWS, "lieux": LIEUX.replace("'Aire exemple 1'", "'Aire bis'")})
        changed = client.get(PLACES, params={"contract": "0", "since": since})
        mixed = client.get(PLACES, params={"contract": "0", "since": current})
    assert [(row["_change_type"], row["code"], row["libelle"]) for row in changed.json()] == [
        ("upsert", "L-1", "Aire bis")
    ]
    assert changed.headers["Archipel-Change-Key"] == "code"
    assert mixed.status_code == 410, "what was read by one version cannot be brought up to date by another"


def test_refusals_come_first_and_last_days_are_kept(small: Running) -> None:
    with small.client() as client:
        assert client.get(ENERGY, params={"contract": "0", **RESEARCH}).status_code == 401
        ended = client.get("/v1/feeds/signalements", params={"contract": "0"})
        lost = client.get("/v1/feeds/subventions", params={"contract": "0"})
        unknown = client.get(PLACES, params={"contract": "7"})
    assert [answer.status_code for answer in (ended, lost, unknown)] == [410, 404, 404]
    assert "0.4.0" in ended.json()["detail"] and "1.0.0" in ended.json()["reasons"][0]["change"]
    assert "1." in lost.json()["reasons"][0]["change"], "a version that promises what nobody tells now is not served"
    assert "1, 0" in unknown.json()["reasons"][0]["change"]


def test_who_still_reads_by_an_earlier_version_is_in_the_journal(small: Running) -> None:
    with small.client("exemple-startup") as client:
        rows(client, ENERGY, contract="0", **RESEARCH)
    entry = next(iter(small.platform.journal.search(Search(kind="decision", limit=1))))
    assert (entry.fields["contract_major"], entry.fields["organisation"]) == ("0", STARTUP)


def test_description_tells_of_each_version_by_which_a_feed_is_read(small: Running) -> None:
    with small.client("exemple-startup") as client:
        now = client.get(f"{ENERGY}/description", params=RESEARCH).json()
        (earlier,) = now["earlier_versions"]
        assert (earlier["version"], earlier["served_until"]) == ("0.4.0", LAST_DAY.isoformat())
        then = client.get(earlier["description_href"], params={"contract": "0", **RESEARCH}).json()
        assert client.get(earlier["href"], params={"contract": "0", **RESEARCH}).status_code == 200
    assert then["contract_version"] == "0.4.0" and then["earlier_versions"] == []
    with small.client() as anybody:
        page = anybody.get("/fr/datasets/lieux").text
    assert "La version 0.4.0 du contrat se lit encore jusqu" in page and f"{PLACES}?contract=0" in page
    masks = {column["name"]: column["mask"] for column in then["columns"]}
    assert (masks["pdl"], masks["genre"], masks["adresse"]) == ("hash", "show", "hidden")
    assert then["formats"][0]["href"].count("?") == 1


def test_the_example_federation_has_one_that_readers_may_keep_to_until_its_last_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(federation_dir=PROJECT_ROOT / "federation", state_dir=tmp_path)
    platform = open_platform(settings)
    current = platform.contracts["subventions_par_association"]
    monkeypatch.setattr("governance.api.earlier_views._today", lambda: date(2027, 12, 31))
    shown = contract_read(platform, current, "0")
    everything = {column.name: Mask(mask="show") for column in current.columns}
    decision = Decision(allow=True, column_masks=everything, reasons=(), valid_until=datetime.now(UTC))
    seen = seen_columns(decision, shown, [column.name for column in current.columns])
    assert list(seen) == [column.name for column in shown.columns]
    assert (seen["beneficiaire"], seen["montant_total"]) == ('"nom_beneficiaire"', '"montant_total_eur"')
    monkeypatch.setattr("governance.api.earlier_views._today", lambda: date(2028, 1, 1))
    with pytest.raises(ProblemError) as ended:
        contract_read(platform, current, "0")
    assert ended.value.status == 410
