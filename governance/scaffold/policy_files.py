"""A new rule of policy: the rule that refuses, its test, its place among the conditions, the page of its reason."""

import re
from dataclasses import dataclass
from pathlib import Path

from governance.decisions.reasons import load_rules, write_pages
from governance.lake import write_atomically
from governance.scaffold.files import render, write_new
from governance.scaffold.problems import ScaffoldError

_CODE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$")


@dataclass(frozen=True)
class Layer:
    """Where a package weighs its refusals: a rule counts once its condition stands there."""

    anchor: str
    """The line of the package's main file under which the condition is put."""
    condition: str
    template: str


LAYERS = {
    "request": Layer("is_clear if {", "not _is_{code}", "request"),
    "closure": Layer("is_clear if {", "not _is_{code}", "request"),
    "agreement": Layer("_covers(agreement) if {", "not _is_{code}(agreement)", "agreement"),
}
"""Packages that refuse by rules. The floors of ``classification`` are law and are edited as a whole, by hand."""


def write_rule(project: Path, policies: Path, package: str, code: str) -> list[Path]:
    """Write a rule that refuses what bears a mark of its own name, until its condition is put in its place.

    ``code`` is the reason's code: a fact in snake_case, as in ``agreement_expired``. Returns the paths touched, the
    pages of the reasons included.

    Raises:
        ScaffoldError: no such package, not a code, or a code that another rule has.
        PolicyEngineError: no OPA to read the rules with.
    """
    layer = LAYERS.get(package)
    if layer is None:
        raise ScaffoldError(f"rules are added to {', '.join(LAYERS)}; {package!r} is none of them")
    if not _CODE.match(code):
        raise ScaffoldError(f"{code!r} is no reason code: two words or more that state a fact, as in agreement_expired")
    if code in {rule.code for rule in load_rules(policies)}:
        raise ScaffoldError(f"a rule {code!r} exists already; see docs/reasons/{code}.md")
    main = policies / package / f"{package}.rego"
    before, anchor = main.read_text(encoding="utf-8"), f"\n{layer.anchor}\n"
    if before.count(anchor) != 1:
        raise ScaffoldError(f"{main} has not exactly one line {layer.anchor!r} to put the condition under")
    words = {"code": code, "package": package, "title": code.replace("_", " ").capitalize()}
    written = write_new(
        {
            policies / package / f"{code}.rego": render(f"rule_{layer.template}.rego.txt", **words),
            policies / package / f"{code}_test.rego": render(f"rule_{layer.template}_test.rego.txt", **words),
        }
    )
    write_atomically(main, before.replace(anchor, f"{anchor}\t{layer.condition.format(code=code)}\n").encode())
    pages = write_pages(policies, project / "docs" / "reasons")
    return [*written, main, *(page for page in pages if page.stem in {code, "README"})]
