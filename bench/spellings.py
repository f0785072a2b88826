"""How many spellings of our own, and of real files, come first for the right column?

Our own (``tests/mapping/spellings.yaml``) are invented, as clerks and exports might write them; the real ones
(``tests/mapping/real_headers.yaml``) stood in files of some forty publishers. Each falls into one of two halves by a
seeded rule: one was in sight while words and rules were written, of the other only the sums were looked at. Three
numbers for each half:

- alone: the header is the only one of its file and has no values; a real one that is the column's name is left out;
- in files: of our own, seeded files with one spelling a column, six columns that no contract has, in any order; of the
  real ones, the files as they were published, as far as their headers are known;
- wrong and sure: alone, in those files, and in the same files with the right header of one column taken out.

A third list (``tests/mapping/spellings_fresh.yaml``) was written after the words and rules that were there on
28 November 2026 and before those that followed. All of it is held out and its misses are not kept; what stands in one
of the other lists, or is the column's name or title, is left out of it.

    python -m bench.spellings [--misses]
"""

import argparse
import random
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bench import mapping
from bench.mapping import HALVES, SEED, TARGET
from governance.contracts.adopt import load_from_library
from governance.contracts.model import Contract
from governance.intake.header import fold
from governance.mapping.match import SURE
from governance.mapping.proposal import propose
from governance.settings import PROJECT_ROOT
from governance.yaml_text import parse_yaml

SPELLINGS = PROJECT_ROOT / "tests" / "mapping" / "spellings.yaml"
FRESH = PROJECT_ROOT / "tests" / "mapping" / "spellings_fresh.yaml"
REAL = PROJECT_ROOT / "tests" / "mapping" / "real_headers.yaml"
STRANGERS = ("Commentaire libre", "Reste à payer", "Montant demandé", "Service instructeur", "Forme juridique",
             "Date de création", "Coût total du projet", "Nom du président", "Observations", "Agent")  # fmt: skip
FILES = 60


@dataclass
class Sum:
    """What came of one half; ``misses`` are (contract, column, spelling, the columns it came to)."""

    alone: int = 0
    alone_right: int = 0
    in_files: int = 0
    in_files_right: int = 0
    wrong_sure: int = 0
    misses: list[tuple[str, str, str, str]] = field(default_factory=list)


def half_of(contract: str, column: str, spelling: str) -> str:
    """Return the half that a spelling falls into."""
    return mapping.half_of(f"{contract}:{column}:{spelling}")


def spelt(half: str) -> Iterator[tuple[Contract, Mapping[str, list[str]]]]:
    """Give each contract with the spellings of one half, by column."""
    for name, columns in parse_yaml(SPELLINGS.read_text(encoding="utf-8")).items():
        kept = {
            column: [text for each in spellings if half_of(name, column, text := str(each)) == half]
            for column, spellings in columns.items()
        }
        yield load_from_library(name), {column: texts for column, texts in kept.items() if texts}


def _alone(contract: Contract, columns: Mapping[str, list[str]], sum_: Sum) -> None:
    for column, texts in columns.items():
        for text in texts:
            found = [match for match in propose([text], None, contract) if match.header]
            sum_.alone += 1
            sum_.wrong_sure += any(match.score >= SURE and match.column != column for match in found)
            if [match.column for match in found] == [column]:
                sum_.alone_right += 1
            else:
                came = ", ".join(f"{match.column} {match.score:.2f}" for match in found) or "nothing"
                sum_.misses.append((contract.id, column, text, came))


def _in_files(contract: Contract, columns: Mapping[str, list[str]], sum_: Sum) -> None:
    chance = random.Random(f"{SEED}:{contract.id}")
    known = {fold(column.name) for column in contract.columns}
    strangers = [each for each in STRANGERS if fold(each) not in known]
    for _ in range(FILES):
        truth = {column: chance.choice(texts) for column, texts in columns.items() if chance.random() < 0.7}
        headers = [*dict.fromkeys(truth.values()), *chance.sample(strangers, 6)]
        chance.shuffle(headers)
        missing = chance.choice(sorted(truth) or [""])
        for match in propose(headers, None, contract):
            right = match.column in truth and match.header == truth[match.column]
            sum_.wrong_sure += match.score >= SURE and not right and match.header not in truth.values()
            sum_.in_files += match.column in truth
            sum_.in_files_right += right
            sum_.wrong_sure += match.score >= SURE and not right and match.header in truth.values()
        without = [header for header in headers if header != truth.get(missing)]
        found = {match.column: match for match in propose(without, None, contract)}
        sum_.wrong_sure += bool(missing) and found[missing].score >= SURE


def measure() -> dict[str, Sum]:
    """Return the sums of each half of our own spellings."""
    sums = {half: Sum() for half in HALVES}
    for half, sum_ in sums.items():
        for contract, columns in spelt(half):
            _alone(contract, columns, sum_)
            _in_files(contract, columns, sum_)
    return sums


def fresh() -> Iterator[tuple[Contract, Mapping[str, list[str]]]]:
    """Give each contract with the spellings of the fresh list that no other list has and no name gives away."""
    known: dict[str, set[str]] = {}
    for name, columns in parse_yaml(SPELLINGS.read_text(encoding="utf-8")).items():
        known[name] = {fold(str(each)) for spellings in columns.values() for each in spellings}
    for contract, _, meant in real_files():
        known.setdefault(contract.id, set()).update(map(fold, meant))
    for name, columns in parse_yaml(FRESH.read_text(encoding="utf-8")).items():
        contract = load_from_library(name)
        told: dict[str, list[str]] = {}
        for column, spellings in columns.items():
            given = known.get(name, set()) | {fold(column), fold(contract.column(column).title)}
            told[column] = [str(each) for each in spellings if fold(str(each)) not in given]
        yield contract, {column: texts for column, texts in told.items() if texts}


def measure_fresh() -> dict[str, Sum]:
    """Return the sum of the fresh list, each contract's beside it; no miss is kept."""
    sums = {"all": Sum()}
    for contract, columns in fresh():
        sum_ = sums[contract.id] = Sum()
        _alone(contract, columns, sum_)
        _in_files(contract, columns, sum_)
        sum_.misses.clear()
    for name in ("alone", "alone_right", "in_files", "in_files_right", "wrong_sure"):
        setattr(sums["all"], name, sum(getattr(each, name) for each in sums.values()))
    return sums


Headers = Mapping[str, str | None]
"""Header → the column that it is, or null where the contract has none."""


def real_files() -> Iterator[tuple[Contract, list[Headers], dict[str, set[str]]]]:
    """Give each contract with the files whose headers are known, and each header with the columns that it is."""
    for name, seen in parse_yaml(REAL.read_text(encoding="utf-8")).items():
        files: list[Headers] = [{str(h): c for h, c in each["together"].items()} for each in seen if "together" in each]
        meant: dict[str, set[str]] = {}
        for headers in (*files, *(each["apart"] for each in seen if "apart" in each)):
            for header, column in headers.items():
                meant.setdefault(str(header), set()).update({column} - {None})
        yield load_from_library(name), files, meant


def _real_alone(contract: Contract, meant: Mapping[str, set[str]], sums: dict[str, Sum]) -> None:
    for header, columns in meant.items():
        sum_ = sums[half_of(contract.id, min(columns, default=""), header)]
        found = [match for match in propose([header], None, contract) if match.header]
        came = ", ".join(f"{match.column} {match.score:.2f}" for match in found) or "nothing"
        if any(match.score >= SURE and match.column not in columns for match in found):
            sum_.wrong_sure += 1
            sum_.misses.append((contract.id, "WRONG AND SURE", header, came))
        if not columns or any(fold(header) == fold(column) for column in columns):
            continue
        sum_.alone += 1
        if len(found) == 1 and found[0].column in columns:
            sum_.alone_right += 1
        else:
            sum_.misses.append((contract.id, " or ".join(sorted(columns)), header, came))


def _real_file(contract: Contract, file: Headers, sums: dict[str, Sum]) -> None:
    """Judge a file as it stood; the half of a column is that of its first header."""
    headers = list(file)
    for match in propose(headers, None, contract):
        right = [header for header, column in file.items() if column == match.column]
        sum_ = sums[half_of(contract.id, match.column, (right or [match.header or ""])[0])]
        is_right = match.header in right
        if right and not any(fold(header) == fold(match.column) for header in right):
            sum_.in_files += 1
            sum_.in_files_right += is_right
        if not is_right and (match.score >= SURE or right):
            sum_.wrong_sure += match.score >= SURE
            told = f"in a file with {', '.join(headers)}: {match.header} {match.score:.2f}"
            sum_.misses.append((contract.id, match.column, " or ".join(right) or "nothing", told))
        found = propose([header for header in headers if header not in right], None, contract) if right else []
        tempted = next((each for each in found if each.column == match.column and each.score >= SURE), None)
        if tempted is not None:
            sum_.wrong_sure += 1
            sum_.misses.append((contract.id, match.column, f"(without) {right}", f"{tempted.header} {tempted.score}"))


def measure_real() -> dict[str, Sum]:
    """Return the sums of each half of the real headers."""
    sums = {half: Sum() for half in HALVES}
    for contract, files, meant in real_files():
        _real_alone(contract, meant, sums)
        for file in files:
            _real_file(contract, file, sums)
    return sums


def _tell(sums: Mapping[str, Sum], title: str, misses: bool) -> bool:
    """Print the sums, and the misses of the half that was in sight; True if the held-out half falls short."""
    for half, each in sums.items():
        print(f"{title} {half:13} alone: {each.alone_right}/{each.alone} = {each.alone_right / each.alone:.1%}  "
              f"in files: {each.in_files_right}/{each.in_files} = {each.in_files_right / each.in_files:.1%}  "
              f"wrong and sure: {each.wrong_sure}")  # fmt: skip
        for miss in each.misses if misses and half == HALVES[0] else ():
            print("    {} {}: {!r} -> {}".format(*miss))
    held = sums.get(HALVES[1]) or sums["all"]
    return held.alone_right / held.alone < TARGET or any(each.wrong_sure for each in sums.values())


def main() -> int:
    """Measure; 1 if fewer than 95 % of the held-out spellings are right alone, or a wrong one is sure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="show what goes wrong in the half that was tuned to")
    misses = parser.parse_args().misses
    parts = (("invented", measure()), ("real    ", measure_real()), ("fresh   ", measure_fresh()))
    short = [_tell(sums, title, misses) for title, sums in parts]
    return int(any(short))


if __name__ == "__main__":
    sys.exit(main())
