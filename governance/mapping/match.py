"""What is proposed for one column of a contract: a header, several, a part of one, or a value for each row."""

from dataclasses import dataclass
from typing import Literal

from governance.federation import ColumnFormats, Formats
from governance.mapping.reasons import Reason

SURE = 0.75
"""Score from which a proposal is called sure, if no other comes near."""
FAINT = 0.3
"""Score under which a header is proposed only where nothing else is found for the column."""
DOUBTFUL = SURE - 0.01
"""Highest score of a proposal that something speaks against: it may come first, and a person must say so."""
Verdict = Literal["sure", "verify", "none"]


@dataclass(frozen=True)
class Match:
    """A header proposed for a column; ``formats`` is how its values are written.

    ``header`` is null where none is proposed, and where ``formats`` joins several or ``constant`` stands for each row.
    """

    column: str
    header: str | None = None
    score: float = 0.0
    verdict: Verdict = "none"
    reasons: tuple[Reason, ...] = ()
    formats: Formats = Formats()
    constant: str | None = None

    @property
    def made(self) -> ColumnFormats:
        """The parsers that are proposed; empty where the cell is taken whole."""
        return self.formats if isinstance(self.formats, ColumnFormats) else ColumnFormats()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers whose cells make up the column."""
        return self.made.join or ((self.header,) if self.header is not None else ())

    @property
    def origin(self) -> str:
        """Where the column comes from, to be read: ``Montant``, ``Jour + Mois + Année``, ``= Donges``; or nothing."""
        return f"= {self.constant}" if self.constant is not None else " + ".join(self.headers)

    @property
    def is_parsed(self) -> bool:
        """Whether what comes out is another thing than the cell with its notation."""
        made = self.made
        return self.constant is not None or bool(made.join or made.split or made.codes or made.coordinates)
