"""A secret in two parts has one form, and a wrong one is told without being shown."""

import pytest
from pydantic import SecretStr

from connectors.credentials import two_parts
from connectors.problems import BadOptions


@pytest.mark.parametrize(
    ("value", "name", "proof"),
    [
        ("nom:mot", "nom", "mot"),
        ("nom:mot:avec:deux points", "nom", "mot:avec:deux points"),
        ("nom:mot \n", "nom", "mot"),
        ("nom:-----BEGIN KEY\nabc\n", "nom", "-----BEGIN KEY\nabc"),
    ],
)
def test_secret_is_cut_at_the_first_colon(value: str, name: str, proof: str) -> None:
    found = two_parts(SecretStr(value))
    assert (found.name, found.secret.get_secret_value()) == (name, proof)


@pytest.mark.parametrize("value", [None, "", "motseul", ":mot", "nom:", "nom:  "])
def test_other_forms_are_refused_without_showing_them(value: str | None) -> None:
    with pytest.raises(BadOptions, match="name:secret") as caught:
        two_parts(SecretStr(value) if value is not None else None)
    assert "mot" not in str(caught.value).replace("name:secret", "")
