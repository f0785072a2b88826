"""How many spellings of our own, as clerks and exports might write them, come first for the right column?

The spellings (``tests/mapping/spellings.yaml``) are invented. Each falls into one of two halves by a seeded rule: one
was in sight while words and rules were written, of the other only the sums were looked at. Three numbers for each half:

- alone: the header is the only one of its file and has no values;
- in files: seeded files with one spelling a column, six columns that no contract has, in any order;
- wrong and sure: in those files, and in the same files with the right header of one column taken out.

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
from governance.mapping.match import SURE
from governance.mapping.proposal import propose
from governance.settings import PROJECT_ROOT
from governance.yaml_text import parse_yaml

SPELLINGS = PROJECT_ROOT / "tests" / "mapping" / "spellings.yaml"
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
    for _ in range(FILES):
        truth = {column: chance.choice(texts) for column, texts in columns.items() if chance.random() < 0.7}
        headers = [*dict.fromkeys(truth.values()), *chance.sample(STRANGERS, 6)]
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
    """Return the sums of each half."""
    sums = {half: Sum() for half in HALVES}
    for half, sum_ in sums.items():
        for contract, columns in spelt(half):
            _alone(contract, columns, sum_)
            _in_files(contract, columns, sum_)
    return sums


def main() -> int:
    """Measure; 1 if fewer than 95 % of the held-out spellings are right alone, or a wrong one is sure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--misses", action="store_true", help="show what goes wrong in the half that was tuned to")
    arguments, sums = parser.parse_args(), measure()
    for half, each in sums.items():
        print(f"{half:9} alone: {each.alone_right}/{each.alone} = {each.alone_right / each.alone:.1%}  in files: "
              f"{each.in_files_right}/{each.in_files} = {each.in_files_right / each.in_files:.1%}  "
              f"wrong and sure: {each.wrong_sure}")  # fmt: skip
        for miss in each.misses if arguments.misses and half == HALVES[0] else ():
            print("    {} {}: {!r} -> {}".format(*miss))
    held = sums[HALVES[1]]
    return int(held.alone_right / held.alone < TARGET or any(each.wrong_sure for each in sums.values()))


if __name__ == "__main__":
    sys.exit(main())
