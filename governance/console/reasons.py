"""Reason pages: each code a caller can be given, with its rule, what it finds and what would change it.

The policy's own words come from the METADATA of its rules; the API's and the tokens' from their tables.
"""

import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from governance.api.feeds import Words
from governance.api.problems import ProblemError
from governance.api.words import CODES, reason, token_reason
from governance.console.shown import Shown
from governance.decisions.model import ENGINE_REASON_CODES, Reason, denial_without_engine
from governance.decisions.opa_server import PolicyEngineError
from governance.decisions.reasons import load_rules
from governance.identity.refusals import REFUSALS
from governance.platform import Platform


class ReasonPage(Shown):
    """One reason code."""

    code: str
    layer: str
    permits: bool
    rule: str
    title: Words | None
    text: Words
    change: Words


class ReasonList(Shown):
    """Every reason code, by where it comes from."""

    reasons: tuple[ReasonPage, ...]


def _of_reason(found: Reason, layer: str) -> ReasonPage:
    return ReasonPage(
        code=found.code,
        layer=layer,
        permits=False,
        rule=found.rule,
        title=None,
        text=Words(fr=found.text_fr, en=found.text_en),
        change=Words(fr=found.change_fr, en=found.change_en),
    )


def _unfilled(text: str) -> str:
    """A rule's sentence without a case to fill it in."""
    return re.sub(r"\{\w+\}", "…", text)


@lru_cache(maxsize=4)
def _all(policies: Path) -> dict[str, ReasonPage]:
    pages = {code: _of_reason(reason(code), "api") for code in CODES}
    pages |= {code: _of_reason(token_reason(code), "token") for code in REFUSALS}
    for code in ENGINE_REASON_CODES:
        pages[code] = _of_reason(denial_without_engine(code, datetime.now(UTC)).reasons[0], "engine")
    try:
        rules = load_rules(policies)
    except (PolicyEngineError, OSError):
        # Kept because the console must explain the API's own reasons even where no engine is installed.
        rules = ()
    for rule in rules:
        pages[rule.code] = ReasonPage(
            code=rule.code,
            layer=rule.layer,
            permits=rule.effect == "permit",
            rule=rule.rule,
            title=Words(fr=rule.title_fr, en=rule.title_en),
            text=Words(fr=_unfilled(rule.text_fr), en=_unfilled(rule.text_en)),
            change=Words(fr=_unfilled(rule.change_fr), en=_unfilled(rule.change_en)),
        )
    return pages


def reason_list(platform: Platform) -> ReasonList:
    """Return every reason code, in alphabetical order of layer and code."""
    pages = _all(platform.settings.policies_dir).values()
    return ReasonList(reasons=tuple(sorted(pages, key=lambda page: (page.layer, page.code))))


def reason_titles(platform: Platform) -> dict[str, Words]:
    """Return what each reason code is called, for lists: its rule's title, or what it finds."""
    return {code: page.title or page.text for code, page in _all(platform.settings.policies_dir).items()}


def reason_page(platform: Platform, code: str) -> ReasonPage:
    """Return one reason code's page.

    Raises:
        ProblemError: 404, no such code.
    """
    page = _all(platform.settings.policies_dir).get(code)
    if page is None:
        raise ProblemError(404, reason("page_not_found"))
    return page
