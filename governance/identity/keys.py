"""Where an issuer's public keys come from: the development issuer's file, or an address asked once and kept."""

import threading
import time
from pathlib import Path
from typing import Protocol

import httpx
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from governance.identity.refusals import TokenError
from governance.timed_client import timed_client

_REFETCH_AFTER_SECONDS = 30.0
"""Least time between two fetches caused by an unknown key: a flood of forged key ids must not become a flood
of requests to the issuer."""
_KEEP_SECONDS = 3600.0
"""A key that the issuer withdrew is forgotten after this time at the latest."""
_TIMEOUT_SECONDS = 5.0
"""Longest wait for a whole answer of the issuer."""
_TRY_AGAIN_SECONDS = 2.0
"""After it gave none, everybody is told so at once for this long: nobody queues behind a wait that another just had."""


class KeySource(Protocol):
    """Public keys of one issuer."""

    def find(self, key_id: str | None) -> PyJWK:
        """Return the key of that id; without an id, the only key there is.

        Raises:
            TokenError: ``token_key_unknown``, or ``issuer_unreachable`` when no key could be read at all.
        """
        ...

    def known(self, key_id: str | None) -> PyJWK | None:
        """Return the key of that id as far as it can be told without asking anybody; None where it cannot."""
        ...


def _pick(keys: PyJWKSet | None, key_id: str | None) -> PyJWK | None:
    signing = [key for key in (keys.keys if keys else []) if key.public_key_use in (None, "sig")]
    if key_id is None:
        return signing[0] if len(signing) == 1 else None
    return next((key for key in signing if key.key_id == key_id), None)


def _parse(text: str) -> PyJWKSet:
    try:
        return PyJWKSet.from_json(text)
    except (PyJWTError, ValueError, AttributeError) as error:
        raise TokenError("issuer_unreachable") from error


class KeyFile:
    """Keys in a JWKS file (RFC 7517), read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._keys: PyJWKSet | None = None

    def find(self, key_id: str | None) -> PyJWK:
        """Return the key of that id; see `KeySource`."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if self._keys is None or stamp != self._read_at:
                self._keys, self._read_at = _parse(self._path.read_text(encoding="utf-8")), stamp
        except OSError as error:
            raise TokenError("issuer_unreachable") from error
        key = _pick(self._keys, key_id)
        if key is None:
            raise TokenError("token_key_unknown")
        return key

    def known(self, key_id: str | None) -> PyJWK | None:
        """Return the key of that id; see `KeySource`. A file is at hand."""
        try:
            return self.find(key_id)
        except TokenError:
            return None


class KeyAddress:
    """Keys at an issuer's JWKS address, asked once, kept, and asked again when a new key appears."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self._url = url
        self._client = client or timed_client(_TIMEOUT_SECONDS, follow_redirects=False)
        self._lock = threading.Lock()
        self._keys: PyJWKSet | None = None
        self._fetched_at = self._failed_at = float("-inf")

    def find(self, key_id: str | None) -> PyJWK:
        """Return the key of that id; see `KeySource`.

        A key that is known waits for nobody: who brings an unknown one may be waiting for the issuer.
        """
        return self.known(key_id) or self._find_anew(key_id)

    def known(self, key_id: str | None) -> PyJWK | None:
        """Return the key of that id; see `KeySource`."""
        return _pick(self._keys, key_id) if time.monotonic() - self._fetched_at <= _KEEP_SECONDS else None

    def _find_anew(self, key_id: str | None) -> PyJWK:
        with self._lock:
            age = time.monotonic() - self._fetched_at
            if self._keys is None or age > _KEEP_SECONDS:
                self._fetch()
            key = _pick(self._keys, key_id)
            if key is None and time.monotonic() - self._fetched_at > _REFETCH_AFTER_SECONDS:
                self._fetch()
                key = _pick(self._keys, key_id)
        if key is None:
            raise TokenError("token_key_unknown")
        return key

    def _fetch(self) -> None:
        if time.monotonic() - self._failed_at < _TRY_AGAIN_SECONDS:
            raise TokenError("issuer_unreachable")
        try:
            answer = self._client.get(self._url)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            self._failed_at = time.monotonic()
            raise TokenError("issuer_unreachable") from error
        self._keys = _parse(answer.text)
        self._fetched_at = time.monotonic()
