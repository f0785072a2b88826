"""A currency behind amounts is proposed with their notation, so that what is shown to fit is what would be taken."""

import pytest

from governance.contracts.odcs import load_contract
from governance.federation import Formats
from governance.mapping.values import fit
from governance.settings import PROJECT_ROOT
from tests.mapping.test_proposal import proposed

GRANTS = load_contract(PROJECT_ROOT / "federation" / "contracts" / "subventions.yaml")


@pytest.mark.parametrize(
    ("cells", "notation"),
    [
        (("1 500,00 €", "700,00 €"), {"decimal": ",", "thousands": " ", "unit": "€"}),
        (("1\u202f500,00\u00a0€", "700,00€"), {"decimal": ",", "thousands": " ", "unit": "€"}),
        (("1.500,00 €", "12,50 €"), {"decimal": ",", "thousands": ".", "unit": "€"}),
        (("1500 EUR", "300 EUR"), {"unit": "EUR"}),
        (("1500.50 €", "300 €"), {"unit": "€"}),
    ],
)
def test_an_amount_with_a_currency_fits_in_the_notation_that_is_proposed(
    cells: tuple[str, ...], notation: dict[str, str]
) -> None:
    rows: list[list[str | None]] = [[cell] for cell in cells]
    match = proposed(["Montant voté"], *rows)["montant"]
    assert (match.header, match.verdict) == ("Montant voté", "sure")
    assert match.formats.model_dump(exclude_unset=True) == notation
    assert [(reason.code, reason.share) for reason in match.reasons if reason.share is not None] == [("values", 100)]


def test_another_currency_than_the_declared_one_is_not_taken() -> None:
    match = proposed(["Montant voté"], ["12 €"], ["12 $"], ["3 $"])["montant"]
    assert match.verdict == "verify"
    assert ("misfit", 33) in {(reason.code, reason.share) for reason in match.reasons}


@pytest.mark.parametrize("cell", ["1,5 k€", "2 M€", "€ 12", "12 € TTC"])
def test_what_would_have_to_be_reckoned_with_is_no_unit(cell: str) -> None:
    share, formats = fit([cell], GRANTS.column("montant"), GRANTS)
    assert (share, formats) == (0.0, Formats())


def test_amounts_that_do_not_fit_are_still_no_purpose() -> None:
    found = proposed(["Montant voté"], ["1,5 k€"], ["2 k€"])
    assert (found["montant"].header, found["montant"].verdict) == ("Montant voté", "verify")
    assert ("misfit", 0) in {(reason.code, reason.share) for reason in found["montant"].reasons}
