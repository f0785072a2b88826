"""The cursor of a feed's pages: opaque and stateless. It holds a place, never a right.

The decision is asked again at each page. The cursor is bound to the data, the decision and the query of the
first page; when one of them changes the caller starts again instead of missing or repeating rows.
"""

import base64
import hashlib
import hmac
import json

from governance.api.problems import ProblemError
from governance.api.words import reason

_MAC_BYTES = 16


def write_cursor(key: bytes, offset: int, fingerprint: str) -> str:
    """Return the cursor of the page that starts after `offset` rows."""
    content = json.dumps([offset, fingerprint], separators=(",", ":")).encode()
    signature = hmac.digest(key, content, hashlib.sha256)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(signature + content).rstrip(b"=").decode()


def read_cursor(key: bytes, text: str, fingerprint: str) -> int:
    """Return the offset that a cursor holds.

    Raises:
        ProblemError: 422, it is not one of ours; 410, the data, the decision or the query is another now.
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ProblemError(422, reason("cursor_invalid")) from error
    signature, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(signature, hmac.digest(key, content, hashlib.sha256)[:_MAC_BYTES]):
        raise ProblemError(422, reason("cursor_invalid"))
    offset, bound_to = json.loads(content)
    if bound_to != fingerprint:
        raise ProblemError(410, reason("cursor_outdated"))
    return int(offset)
