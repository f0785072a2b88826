"""Every reason code, from the METADATA of the rule that finds it, and its page in ``docs/reasons/``.

The annotations are the one source: output, documentation and tests read them, so they cannot disagree.
"""

import json
import subprocess
from pathlib import Path
from typing import Any, Literal

from governance.decisions.model import ENGINE_REASON_CODES, Frozen, denial_without_engine
from governance.decisions.opa_server import PolicyEngineError, find_opa

PAGES = "docs/reasons"
_HAND_WORDS = "<!-- Below this line: hand words, kept when the page is written again. -->"


class Rule(Frozen):
    """One rule of the policy that can be the reason of an answer."""

    code: str
    rule: str
    layer: str
    effect: Literal["permit", "deny"]
    title_fr: str
    title_en: str
    description: str
    text_fr: str
    text_en: str
    change_fr: str
    change_en: str


def _inspect(policies: Path) -> list[dict[str, Any]]:
    """Annotations of every rule under a folder, by ``opa inspect``; a folder with an error in it has none."""
    try:
        done = subprocess.run(
            [str(find_opa()), "inspect", "--annotations", "--format", "json", str(policies)],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise PolicyEngineError(f"opa inspect {policies}: {error.stderr.decode() or error.stdout.decode()}") from error
    annotations: list[dict[str, Any]] = json.loads(done.stdout).get("annotations", [])
    return annotations


def load_rules(policies: Path) -> tuple[Rule, ...]:
    """Every rule with an ``effect`` in its METADATA, by layer and code.

    Raises:
        PolicyEngineError: no OPA, or policies that do not parse.
        ValueError: a rule lacks one of the texts.
    """
    rules = []
    for found in _inspect(policies):
        notes = found["annotations"]
        if "effect" not in notes.get("custom", {}):
            continue
        path = [str(part["value"]) for part in found["path"] if part["type"] == "string"]
        texts = {key: value for key, value in notes["custom"].items() if key != "effect"}
        rules.append(
            Rule(
                code=path[-1],
                rule=".".join(path),
                layer=path[1],
                effect=notes["custom"]["effect"],
                title_en=notes["title"],
                description=notes["description"].strip(),
                **texts,
            )
        )
    return tuple(sorted(rules, key=lambda rule: (rule.layer, rule.code)))


def _engine_rules() -> tuple[Rule, ...]:
    """What is said where the policy could not be asked, so that those codes have pages as well."""
    from datetime import UTC, datetime

    reasons = [denial_without_engine(code, datetime.now(UTC)).reasons[0] for code in ENGINE_REASON_CODES]
    return tuple(
        Rule(
            code=reason.code,
            rule=reason.rule,
            layer="engine",
            effect="deny",
            title_fr=reason.text_fr.split(" ;")[0],
            title_en=reason.text_en.split(";")[0],
            description="Said by whoever asks the engine: without an answer that counts, nothing leaves.",
            text_fr=reason.text_fr,
            text_en=reason.text_en,
            change_fr=reason.change_fr,
            change_en=reason.change_en,
        )
        for reason in reasons
    )


def render_page(rule: Rule) -> str:
    """The generated part of one code's page, in Markdown."""
    verdict = {"permit": ("permet", "permits"), "deny": ("refuse", "refuses")}[rule.effect]
    return (
        f"<!-- Written by `archipel policy reasons` from the METADATA of the rule. -->\n"
        f"# `{rule.code}`\n\n"
        f"## Français : {rule.title_fr}\n\n"
        f"- **Règle** : `{rule.rule}` ({verdict[0]})\n"
        f"- **Ce qui est constaté** : {rule.text_fr}\n"
        f"- **Ce qui changerait la réponse** : {rule.change_fr}\n\n"
        f"## English: {rule.title_en}\n\n"
        f"- **Rule**: `{rule.rule}` ({verdict[1]}). {rule.description}\n"
        f"- **What was found**: {rule.text_en}\n"
        f"- **What would change the answer**: {rule.change_en}\n\n"
        f"{_HAND_WORDS}\n"
    )


def render_index(rules: tuple[Rule, ...]) -> str:
    """The list of all codes, in Markdown."""
    lines = [f"| [`{r.code}`]({r.code}.md) | {r.effect} | {r.title_fr} | {r.title_en} |" for r in rules]
    head = "# Motifs de décision / Reasons of a decision\n\n| code | effect | français | English |\n|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def pages(policies: Path) -> dict[str, str]:
    """File name to the generated part of each page, with the index as ``README.md``.

    Raises:
        PolicyEngineError: no OPA, or policies that do not parse.
    """
    rules = tuple(sorted((*load_rules(policies), *_engine_rules()), key=lambda rule: rule.code))
    return {"README.md": render_index(rules), **{f"{rule.code}.md": render_page(rule) for rule in rules}}


def write_pages(policies: Path, folder: Path) -> list[Path]:
    """Write every page, keep the hand words of those that exist, remove those of codes that no longer are.

    Raises:
        PolicyEngineError: no OPA, or policies that do not parse.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = pages(policies)
    for stale in {path.name for path in folder.glob("*.md")} - made.keys():
        (folder / stale).unlink()
    for name, text in made.items():
        path = folder / name
        kept = path.read_text(encoding="utf-8").partition(_HAND_WORDS + "\n")[2] if path.is_file() else ""
        path.write_text(text + kept, encoding="utf-8")
    return sorted(folder / name for name in made)
