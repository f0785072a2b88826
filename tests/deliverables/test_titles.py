"""Every rule has a name in words, in both languages, and no two rules share one."""

import pytest

from governance.intake.messages import MESSAGES


@pytest.mark.parametrize("rule", MESSAGES)
def test_every_rule_has_a_short_title_in_both_languages(rule: str) -> None:
    said = MESSAGES[rule]
    for title in (said.title("fr"), said.title("en")):
        assert 4 < len(title) <= 48
        assert title != rule and "{" not in title and not title.endswith(".")
    assert said.title("fr") != said.title("en")


def test_no_two_rules_have_the_same_title() -> None:
    for language in ("fr", "en"):
        titles = [said.title(language) for said in MESSAGES.values()]
        assert len(set(titles)) == len(titles)
