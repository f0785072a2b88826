"""An INSEE code out of a commune's name: the federation declares its communes with their codes."""

from collections.abc import Iterator, Mapping, Sequence

from governance.contracts.model import Contract
from governance.federation import ColumnFormats
from governance.intake.header import fold
from governance.mapping.match import Match
from governance.mapping.values import CONFORMING
from governance.mapping.words import meaning_of


def find_commune_codes(
    matches: Sequence[Match],
    open_ones: frozenset[str],
    texts: Mapping[str, Sequence[str]],
    contract: Contract,
    communes: Mapping[str, str],
) -> Iterator[tuple[str, str, ColumnFormats, float]]:
    """Give column, header, table of codes and the share of names that it knows, where just one header holds names.

    The table has the names as the file writes them, then those that the federation declares and the file does not have.
    ``communes`` is name → INSEE code.
    """
    folded = {fold(name): code for name, code in communes.items()}
    held = {header: {v: folded[fold(v)] for v in values if fold(v) in folded} for header, values in texts.items()}
    found = [header for header, known in held.items() if known and len(known) >= CONFORMING * len(texts[header])]
    wanted = [m.column for m in matches if m.column in open_ones and _is_code(m.column, contract)]
    if len(found) != 1 or len(wanted) != 1:
        return
    header, known = found[0], held[found[0]]
    written = {fold(name) for name in known}
    table = known | {name: code for name, code in communes.items() if fold(name) not in written}
    yield wanted[0], header, ColumnFormats(codes=table), len(known) / len(texts[header])


def _is_code(name: str, contract: Contract) -> bool:
    column = contract.column(name)
    return "@insee" in meaning_of(column.name).all | meaning_of(column.title or "").all
