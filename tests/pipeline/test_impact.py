"""What a change of declarations would do, asked of two real engines before anything is in force."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from governance.commands.main import app
from governance.decisions.bundle import revisions_of
from governance.federation import DeclarationError
from governance.journal.model import Search
from governance.pipeline.impact import PUBLIC, Impact, Supposed, UnknownAgreementError, find_impact
from governance.pipeline.impact_words import told_impact
from governance.pipeline.in_force import put_in_force
from governance.platform import Platform, open_platform
from governance.settings import Settings
from tests.api.small_platform import ROWS, write_federation, write_shared

PURPOSE = "dpv:ResearchAndDevelopment"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform whose declarations are in force, and rows for them to let out."""
    write_federation(tmp_path / "federation")
    settings = Settings(federation_dir=tmp_path / "federation", state_dir=tmp_path / "state")
    made = open_platform(settings)
    put_in_force(settings, made.journal)
    write_shared(made, **ROWS)
    yield made
    made.engine.dispose()


def _change(platform: Platform, path: str, **changed: object) -> None:
    file = platform.settings.federation_dir / path
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **changed}), encoding="utf-8")


def _find(platform: Platform) -> Impact:
    return find_impact(open_platform(platform.settings))


def test_declarations_in_force_change_nothing(platform: Platform) -> None:
    found = _find(platform)
    assert found.lines == ()
    assert found.changes == {}
    assert found.asked > 50


def test_wider_agreement_tells_columns_rows_and_duties_and_puts_nothing_in_force(platform: Platform) -> None:
    before = revisions_of(platform.settings).current
    entries = len(platform.journal.search(Search(limit=1000)))
    _change(
        platform,
        "agreements/exemple-startup.yaml",
        row_filter=[{"column": "commune_insee", "operator": "eq", "value": "44052"}],
        columns={"point_livraison_id": "show", "adresse": "show", "commune_insee": "show", "mois": "show"},
        duties=[{"code": "attribute"}],
    )
    found = _find(platform)
    (line,) = found.lines
    assert (line.who, line.dataset, line.effect) == (("exemple-startup",), "consommation_energie", "changes")
    assert (line.channels, line.purposes) == (("feed",), (PURPOSE,))
    assert (line.before.rows, line.after.rows) == (3, 4)
    assert (line.gained, line.masked_otherwise) == (("adresse",), ("point_livraison_id",))
    assert line.lost == ("batiment_type", "consommation_kwh")
    duties = [[(duty.code, duty.days) for duty in side.duties] for side in (line.before, line.after)]
    assert duties == [[("attribute", None), ("delete_after", 365)], [("attribute", None)]]
    assert found.changes == {"agreements": {"changed": ["exemple-startup"]}}
    assert (found.in_force, revisions_of(platform.settings).current) == (before, before)
    assert len(platform.journal.search(Search(limit=1000))) == entries


def test_revoked_agreement_is_told_with_the_reason_that_would_be_given(platform: Platform) -> None:
    _change(platform, "agreements/exemple-startup.yaml", state="revoked")
    lost, *others = _find(platform).lines
    assert (lost.who, lost.effect, lost.before.rows, lost.after.rows) == (("exemple-startup",), "loses", 3, None)
    assert [reason.code for reason in lost.after.reasons] == ["agreement_revoked"]
    assert {line.effect for line in others} == {"refused_otherwise"}


def test_what_if_an_agreement_had_ended_is_told_and_no_declaration_is_touched(platform: Platform) -> None:
    file = platform.settings.federation_dir / "agreements" / "exemple-startup.yaml"
    before, in_force = file.read_bytes(), revisions_of(platform.settings).current
    found = find_impact(platform, supposed=Supposed(ended="exemple-startup"))
    lost = found.lines[0]
    assert (lost.who, lost.effect, lost.before.rows, lost.after.rows) == (("exemple-startup",), "loses", 3, None)
    assert [reason.code for reason in lost.after.reasons] == ["agreement_expired"]
    assert (file.read_bytes(), revisions_of(platform.settings).current) == (before, in_force)
    with pytest.raises(UnknownAgreementError, match="inconnue"):
        find_impact(platform, supposed=Supposed(ended="inconnue"))


def test_what_if_it_were_another_day_is_asked_of_the_same_declarations(platform: Platform) -> None:
    gained = find_impact(platform, supposed=Supposed(on=date(2025, 1, 31))).lines[0]
    assert (gained.who, gained.effect, gained.after.rows) == (("exemple-eau",), "gains", 5)
    lost = find_impact(platform, supposed=Supposed(on=date(2100, 1, 1))).lines[0]
    assert (lost.who, lost.effect) == (("exemple-startup",), "loses")


def test_impact_is_told_with_names_filters_masks_duties_and_reasons_in_words(platform: Platform) -> None:
    _change(
        platform,
        "agreements/exemple-startup.yaml",
        row_filter=[{"column": "commune_insee", "operator": "eq", "value": "44210"}],
        columns={"point_livraison_id": {"mask": "truncate", "length": 3}, "adresse": "show"},
        duties=[{"code": "delete_after", "days": 30}],
    )
    (card,) = told_impact(_find(platform), platform).cards
    assert (card.who[0].name.fr, card.dataset.name.en) == ("exemple-startup (exemple)", "Energy consumption")
    assert [(one.name, one.after.fr) for one in card.gained if one.after] == [("adresse", "montrée")]
    (masked,) = card.masked
    assert masked.before and masked.after
    assert (masked.before.fr, masked.after.fr) == ("remplacée par une empreinte", "tronquée à 3 caractères")
    shifts = {shift.name: (shift.before, shift.after) for shift in card.shifts}
    assert shifts["filter"][1][0].text.fr == "commune_insee est «\u00a044210\u00a0»"
    assert [one.text.en for one in shifts["duties"][1]] == ["delete after 30 days"]
    assert card.rows == (3, 1)


def test_closure_reaches_the_public_and_every_organisation_in_one_line(platform: Platform) -> None:
    rule = {"id": "fermee", "dataset": "subventions", "by": "carene", "columns": ["objet"], "ground": "under_review",
            "reason": "Essai (exemple)"}  # fmt: skip
    sample = next((Path(__file__).parents[2] / "federation" / "rules").glob("*.yaml"))
    rule = {**yaml.safe_load(sample.read_text()), **rule}
    known = {name: value for name, value in rule.items() if name not in ("channels", "reason")}
    path = platform.settings.federation_dir / "rules" / "fermee.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(known), encoding="utf-8")
    lines = [line for line in _find(platform).lines if line.dataset == "subventions"]
    assert {line.effect for line in lines} == {"changes"}
    assert {line.lost for line in lines} == {("objet",)}
    told = {who for line in lines for who in line.who}
    assert {PUBLIC, "donges", "exemple-eau"} <= told


def test_declaration_that_cannot_be_used_is_named(platform: Platform) -> None:
    _change(platform, "agreements/exemple-startup.yaml", target="inconnu")
    with pytest.raises(DeclarationError, match=r"exemple-startup.*inconnu"):
        _find(platform)


def test_command_says_it_in_words_and_by_its_exit(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIPEL_FEDERATION_DIR", str(platform.settings.federation_dir))
    monkeypatch.setenv("ARCHIPEL_STATE_DIR", str(platform.settings.state_dir))
    same = CliRunner().invoke(app, ["policy", "impact"])
    assert (same.exit_code, "Rien ne change pour personne." in same.stdout) == (0, True)
    _change(platform, "agreements/exemple-startup.yaml", state="suspended")
    told = CliRunner().invoke(app, ["policy", "impact", "--lang", "en"])
    assert told.exit_code == 1
    line = f"exemple-startup: access lost, consommation_energie (through: feeds; purposes: {PURPOSE})"
    assert line in told.stdout
    assert "rows: 3 → 0" in told.stdout
    as_json = Impact.model_validate_json(CliRunner().invoke(app, ["policy", "impact", "--json"]).stdout)
    assert as_json.lines[0].effect == "loses"
    supposed = CliRunner().invoke(app, ["policy", "impact", "--if-ended", "exemple-eau", "--on", "2025-01-31"])
    assert "Question imaginaire" in supposed.stdout and "archipel policy build" not in supposed.stdout
    unknown = CliRunner().invoke(app, ["policy", "impact", "--if-ended", "inconnue"])
    assert (unknown.exit_code, "inconnue" in unknown.stderr) == (2, True)
    _change(platform, "agreements/exemple-startup.yaml", state="nonsense")
    wrong = CliRunner().invoke(app, ["policy", "impact"])
    assert (wrong.exit_code, "exemple-startup.yaml" in wrong.stderr) == (2, True)
