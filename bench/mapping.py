"""How many headers in other people's words are proposed for the right column, and is any wrong one called sure?

The words are those that authors of the national schemas gave their fields as titles: real spellings of thirteen
authorities for columns whose names they are not. They are read beside the project and never copied into it. Headers
that are the column's name or our own title but for case and accents would tell nothing and are left out.

Each has one value, the example that the schema gives for the field, where it gives one.

The schemas fall into two halves by a seeded rule. One half was in sight while the words and rules were written ("tuned
to"); nobody looked at what goes wrong in the other ("held out"), only at its sums. Three numbers for each half:

- right at rank 1: all titles of a schema at once, as the headers of a file, against the contract;
- wrong and sure: matches above the threshold that are not right;
- tempted: the right header is taken out of the file, one column after another; whatever is sure for it then is wrong.

    python -m bench.mapping [--json] [--misses]
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from governance.contracts.adopt import library_names, load_from_library
from governance.contracts.model import Contract
from governance.intake.header import fold
from governance.mapping.match import SURE
from governance.mapping.proposal import propose
from governance.settings import PROJECT_ROOT

SCHEMAS = PROJECT_ROOT.parent / "shared" / "schemas"
SEED = "archipel"
TARGET = 0.95
HALVES = ("tuned to", "held out")


@dataclass(frozen=True)
class Titled:
    """A contract of the library and, by column, the title that a national schema gives it."""

    contract: Contract
    titles: dict[str, str]
    examples: dict[str, str]

    def rows(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return one row with the schema's example of each column, as readers give it; null where it has none."""
        cells = {str(place): [self.examples.get(name)] for place, name in enumerate(columns)}
        return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))

    @property
    def telling(self) -> dict[str, str]:
        """Titles that are neither the column's name nor our own title for it."""
        columns = {column.name: {fold(column.name), fold(column.title)} for column in self.contract.columns}
        return {name: title for name, title in self.titles.items() if fold(title) not in columns[name]}


@dataclass
class Score:
    """What came of one half; ``misses`` are (contract, column, title, header proposed, score)."""

    headers: int = 0
    right: int = 0
    sure: int = 0
    wrong_sure: int = 0
    temptations: int = 0
    tempted: int = 0
    misses: list[tuple[str, str, str, str | None, float]] = field(default_factory=list)


def half_of(name: str) -> str:
    """Return the half that a schema or a spelling falls into; its name decides, nothing else."""
    return HALVES[hashlib.sha256(f"{SEED}:{name}".encode()).digest()[0] % 2]


def _fields_of(schemas: Path) -> Iterator[list[dict[str, str]]]:
    for path in sorted(schemas.glob("*/*/schema.json")):
        yield json.loads(path.read_text(encoding="utf-8")).get("fields") or []


def titled_contracts(schemas: Path = SCHEMAS) -> Iterator[Titled]:
    """Give each contract of the library whose columns a schema at hand has, with titles of its own."""
    known = [(fields, {each["name"] for each in fields}) for fields in _fields_of(schemas)]
    for name in library_names():
        contract = load_from_library(name)
        columns = {column.name for column in contract.columns}
        fields = next((fields for fields, names in known if names == columns), [])
        titles = {each["name"]: each["title"].strip() for each in fields if each.get("title")}
        # Shuffled, since a file that keeps the contract's order would help where two headers come equal.
        titles = dict(random.Random(f"{SEED}:{name}").sample(sorted(titles.items()), len(titles)))
        examples = {each["name"]: str(each["example"]) for each in fields if each.get("example")}
        if titles:
            yield Titled(contract, titles, examples)


def judge(titled: Titled, score: Score) -> None:
    """Add what is proposed for the titles of one contract."""
    headers, telling = list(titled.titles.values()), titled.telling
    for match in propose(headers, titled.rows(list(titled.titles)), titled.contract):
        truth = titled.titles.get(match.column)
        is_sure, is_right = match.score >= SURE, match.header == truth
        score.wrong_sure += is_sure and not is_right
        if match.column in telling:
            score.headers += 1
            score.right += is_right
            score.sure += is_sure and is_right
        if (match.column in telling and not is_right) or (is_sure and not is_right):
            score.misses.append((titled.contract.id, match.column, truth or "", match.header, match.score))
    for column, title in titled.titles.items():
        others = {name: other for name, other in titled.titles.items() if other != title}
        found = next(m for m in propose(list(others.values()), None, titled.contract) if m.column == column)
        score.temptations += 1
        if found.score >= SURE:
            score.tempted += 1
            score.misses.append((titled.contract.id, column, f"(without) {title}", found.header, found.score))


def measure(schemas: Path = SCHEMAS) -> dict[str, Score]:
    """Return the score of each half."""
    scores = {half: Score() for half in HALVES}
    for titled in titled_contracts(schemas):
        judge(titled, scores[half_of(titled.contract.id)])
    return scores


def _tell(scores: dict[str, Score], halves: Sequence[str]) -> None:
    for half, score in scores.items():
        print(
            f"{half:9} right at rank 1: {score.right}/{score.headers} = {score.right / score.headers:.1%}  "
            f"sure and right: {score.sure}  wrong and sure: {score.wrong_sure}  "
            f"tempted: {score.tempted}/{score.temptations}"
        )
        for miss in score.misses if half in halves else ():
            print("    {} {}: {!r} -> {!r} ({:.2f})".format(*miss))


def main() -> int:
    """Measure; 1 if fewer than 95 % of the held-out headers are right or a wrong one is sure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--misses", action="store_true", help="show what goes wrong in the half that was tuned to")
    arguments = parser.parse_args()
    if not SCHEMAS.is_dir():
        print(f"needs the national schemas in {SCHEMAS}", file=sys.stderr)
        return 2
    scores = measure()
    if arguments.json:
        told = {half: {k: v for k, v in asdict(score).items() if k != "misses"} for half, score in scores.items()}
        print(json.dumps({"target": TARGET, **told}))
    else:
        _tell(scores, HALVES[:1] if arguments.misses else ())
    held = scores["held out"]
    return int(held.right / held.headers < TARGET or any(s.wrong_sure or s.tempted for s in scores.values()))


if __name__ == "__main__":
    sys.exit(main())
