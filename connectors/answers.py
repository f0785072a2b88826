"""Reading what a server answers: success or not, how long to wait, where it redirects, how to resume (RFC 9110)."""

from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from connectors.egress import shown
from connectors.problems import EgressForbidden, SourceRefused, SourceUnavailable

_TRY_AGAIN = {408, 425, 429}


def require_success(response: httpx.Response, where: str, words: str = "") -> None:
    """Do nothing on a 2xx; ``words`` is what the server says of a refusal.

    Raises:
        SourceUnavailable: 5xx, 408, 425 and 429, with the wait the server asks for.
        SourceRefused: any other status.
    """
    status = response.status_code
    if 200 <= status < 300:
        return
    said_fr, said_en = (f" : « {words} »", f": {words!r}") if words else ("", "")
    reasons = (f"réponse {status}{said_fr}", f"answer {status}{said_en}")
    if status >= 500 or status in _TRY_AGAIN:
        raise SourceUnavailable(where, *reasons, retry_after_seconds(response.headers.get("Retry-After")))
    raise SourceRefused(where, status, *reasons)


def retry_after_seconds(value: str | None) -> float | None:
    """Seconds to wait, from seconds or a date (10.2.3); None when absent or unreadable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def redirected(url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirection leads.

    Raises:
        SourceRefused: the location cannot be read.
        EgressForbidden: it leaves https for http.
    """
    try:
        target = url.join(location)
    except httpx.InvalidURL:
        raise SourceRefused(shown(url), 302, "redirection illisible", "unreadable redirection") from None
    if url.scheme == "https" and target.scheme == "http":
        reasons = ("redirection de https vers http", "redirection from https to http")
        raise EgressForbidden(shown(target), *reasons)
    return target


def strong_validator(headers: httpx.Headers) -> str | None:
    """What If-Range may bear: a weak ETag may not (13.1.5)."""
    etag: str | None = headers.get("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    changed: str | None = headers.get("Last-Modified")
    return changed


def continues_at(response: httpx.Response, size: int) -> bool:
    """Whether the body is what follows the first ``size`` bytes."""
    return response.status_code == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {size}-")


def filename_of(headers: httpx.Headers, url: httpx.URL) -> str:
    """The file's name, from Content-Disposition (RFC 6266) or the address; never a path, never a control character."""
    message = Message()
    message["Content-Disposition"] = headers.get("Content-Disposition", "")
    name = message.get_filename() or unquote(url.path)
    name = "".join(letter for letter in PurePosixPath(name.replace("\\", "/")).name if letter.isprintable())
    return name[:200] or "file"


def media_type_of(headers: httpx.Headers) -> str | None:
    """Media type without its parameters, in lower case."""
    value: str = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return value or None
