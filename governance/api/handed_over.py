"""Whole files that the front sends once the platform has decided: the answer names the file, nginx gives its bytes.

What is decided and written down is the same as ever, before the answer leaves. Only a front that shows the
installation's own key is answered so, since anybody else would be left without a byte. Source: nginx's
``X-Accel-Redirect``.
"""

import re
from email.utils import formatdate
from hmac import compare_digest
from pathlib import Path
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import FileResponse, Response

from governance.kept_secrets import kept_secret
from governance.settings import Settings

KEY = "Archipel-Front"
"""Header in which the front shows its key, written over whatever a stranger sends."""
LOCATION = "/-/whole/"
"""Where the front has the folder of whole files, for nobody who asks from outside."""
CARRIED = {
    "Accept-Ranges": "Archipel-File-Ranges",
    "Cache-Control": "Archipel-File-Caching",
    "Content-Disposition": "Archipel-File-Disposition",
}
"""Headers that travel to the front under another name: nginx keeps these of the answer that named a file, and they
would stand beside those of whatever is answered where the file is gone, or of nginx itself."""
PASSED_ON = (
    "ETag", "Link", "Sunset", "Vary", "Content-Encoding", "Row-Count", "Total-Count", "RateLimit-Policy", "RateLimit",
    "Archipel-Decision", "Archipel-Policy", "Archipel-Data-Version", "Archipel-Contract-Version",
    "Archipel-Next-Since", "Archipel-Duties",
)  # fmt: skip
"""Headers that the front puts on the file again; an answer with any other goes the platform's own way. So does what
nobody in particular asks: ``X-Accel-Expires`` lets the front keep it for others, and it could not keep a name."""
_RANGES = CARRIED["Accept-Ranges"]
_MADE_THERE = {"content-length", "last-modified", "accept-ranges"}
"""Made by nginx from the file, the same as ours."""
_CARRIED_AS = {name.lower(): other for name, other in CARRIED.items()}
_KNOWN = _MADE_THERE | {"content-type"} | {name.lower() for name in (*CARRIED, *PASSED_ON)}
_OWN_WAY = ("if-match", "if-modified-since", "if-unmodified-since")
"""Conditions that we pass over, the entity tag being what counts, and nginx would not."""
_ONE_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)


def front_key(settings: Settings) -> str:
    """Return the key of this installation's front, made at the first call."""
    return kept_secret(settings, "front_files")


def hand_over(request: Request, file: FileResponse, folder: Path, key: str) -> Response:
    """Return the answer that makes the front send a file of its folder, or the file itself where that is not the same.

    ``folder`` is the one that the front has been given to read.
    """
    names = {name.lower() for name in file.headers}
    if not _is_front(request, key) or not names <= _KNOWN:
        return file
    stat = Path(file.path).stat()
    if not _would_be_the_same(request, stat.st_size):
        return file
    headers = {_CARRIED_AS.get(name, name): value for name, value in file.headers.items() if name not in _MADE_THERE}
    if _is_part(request, file.headers["etag"], stat.st_mtime):
        headers[_RANGES] = "bytes"
    inside = Path(file.path).relative_to(folder).as_posix()
    return Response(headers={**headers, "X-Accel-Redirect": f"{LOCATION}{quote(inside)}"})


def _is_front(request: Request, key: str) -> bool:
    return compare_digest(request.headers.get(KEY, "").encode(), key.encode())


def _would_be_the_same(request: Request, size: int) -> bool:
    """Whether nginx would answer as we do; of several ranges, and of one that the file has not, it has its own way."""
    if request.method != "GET" or any(name in request.headers for name in _OWN_WAY):
        return False
    asked = request.headers.get("range")
    return asked is None or _is_one_range(asked, size)


def _is_part(request: Request, etag: str, modified: float) -> bool:
    """Whether a part will be sent, which nginx does not say of itself that there are others."""
    condition = request.headers.get("if-range")
    return "range" in request.headers and condition in (None, etag, formatdate(modified, usegmt=True))


def _is_one_range(asked: str, size: int) -> bool:
    found = _ONE_RANGE.fullmatch(asked)
    if found is None:
        return False
    first, last, suffix = found.groups()
    if suffix is not None:
        return int(suffix) > 0
    return int(first) < size and (not last or int(last) >= int(first))
