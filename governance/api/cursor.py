"""The cursor of a feed's pages: opaque and stateless. It holds a place, never a right.

The decision is asked again at each page. The cursor names the version of the data that the first page was of, and the
following pages are of that version, whatever came since. It is bound to the decision and the query as well; when one of
those changes the caller starts again instead of missing or repeating rows.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from governance.api.problems import ProblemError
from governance.api.words import reason

_MAC_BYTES = 16


@dataclass(frozen=True)
class Cursor:
    """A place in the pages of one question."""

    offset: int
    """Rows before it."""
    version: str
    """Version of the shared layer that the first page was of; the others are of it too."""
    fingerprint: str
    """Of the data, the decision and the question."""

    def require(self, fingerprint: str) -> int:
        """Return the offset.

        Raises:
            ProblemError: 410, the decision or the question is another now.
        """
        if self.fingerprint != fingerprint:
            raise ProblemError(410, reason("cursor_outdated"))
        return self.offset


def write_cursor(key: bytes, cursor: Cursor) -> str:
    """Return a cursor as it stands in an address."""
    content = json.dumps([cursor.offset, cursor.version, cursor.fingerprint], separators=(",", ":")).encode()
    signature = hmac.digest(key, content, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(signature + content).rstrip(b"=").decode()


def read_cursor(key: bytes, text: str) -> Cursor:
    """Return the place that a cursor holds.

    Raises:
        ProblemError: 400, it is not one of ours.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ProblemError(400, reason("cursor_invalid")) from error
    signature, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(signature, hmac.digest(key, content, hashlib.sha256)[:_MAC_BYTES]):
        raise ProblemError(400, reason("cursor_invalid"))
    offset, version, fingerprint = json.loads(content)
    return Cursor(int(offset), str(version), str(fingerprint))
