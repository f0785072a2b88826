"""The hash chain: how an entry is hashed, how the head is sealed, and how the first wrong entry is found.

Kept apart from the database, so that an exported journal can be checked by the same code.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

from governance.journal.model import GENESIS, Finding

_MESSAGES = {
    "altered": ("l'entrée {0} a été modifiée", "entry {0} was altered"),
    "removed": ("l'entrée {0} a été supprimée", "entry {0} was removed"),
    "reordered": ("l'entrée {0} n'est plus à sa place", "entry {0} is out of its place"),
    "head_altered": (
        "la tête du journal a été modifiée (dernière entrée : {0})",
        "the journal's head was altered (last entry: {0})",
    ),
}


class Linked(Protocol):
    """A stored entry, as read from the table or from an export; texts exactly as stored."""

    sequence: int
    at: str
    kind: str
    subject: str | None
    target: str | None
    fields: str
    previous: str
    hash: str


def canonical(document: Any) -> str:
    """JSON with sorted keys and no spaces: equal documents give equal texts.

    Raises:
        ValueError, TypeError: something that JSON cannot hold, such as NaN.
    """
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def hash_entry(at: str, kind: str, subject: str | None, target: str | None, fields: str, previous: str) -> str:
    """SHA-256 of an entry; the sequence is left out, because the predecessor's hash is what fixes the order."""
    body = canonical([at, kind, subject, target, fields, previous])
    return hashlib.sha256(body.encode()).hexdigest()


def seal(key: bytes, sequence: int, last_hash: str) -> str:
    """Keyed code of the head: whoever can write the table but has no key cannot shorten the journal unseen."""
    return hmac.new(key, f"{sequence}:{last_hash}".encode(), hashlib.sha256).hexdigest()


def is_sealed(key: bytes, sequence: int, last_hash: str, code: str) -> bool:
    """Whether the code is the head's, compared in constant time."""
    return hmac.compare_digest(seal(key, sequence, last_hash), code)


def finding(problem: Literal["altered", "removed", "reordered", "head_altered"], sequence: int) -> Finding:
    """A finding with its sentence in both languages."""
    french, english = _MESSAGES[problem]
    return Finding(
        problem=problem, sequence=sequence, message_fr=french.format(sequence), message_en=english.format(sequence)
    )


def first_wrong(rows: Iterable[Linked], hashes: Mapping[str, int]) -> tuple[Finding | None, int, str]:
    """First wrong entry, and the sequence and hash of the last entry seen.

    Args:
        rows: entries by rising sequence.
        hashes: sequence of each stored hash, to tell what was moved from what was taken out.
    """
    expected, previous = 1, GENESIS
    for row in rows:
        if row.sequence != expected:
            return finding("removed", expected), row.sequence, row.hash
        if hash_entry(row.at, row.kind, row.subject, row.target, row.fields, row.previous) != row.hash:
            return finding("altered", row.sequence), row.sequence, row.hash
        if row.previous != previous:
            moved = row.previous in hashes or row.previous == GENESIS
            return finding("reordered" if moved else "removed", row.sequence), row.sequence, row.hash
        expected, previous = expected + 1, row.hash
    return None, expected - 1, previous
