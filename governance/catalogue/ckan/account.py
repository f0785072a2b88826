"""The account of CKAN that the platform publishes as: address, token, and a client with a time-out."""

from collections.abc import Mapping
from typing import Any

import httpx
import stamina
from ckanapi import RemoteCKAN
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, ServerIncompatibleError, ValidationError

from governance.catalogue.model import CatalogueError
from governance.settings import Settings
from governance.timed_client import timed_client

TOKEN_NAME = "ckan_token"  # noqa: S105 - kept because this is a file's name, not a secret
"""File of the token that ``make services-up`` made, in the state folder's ``keys``."""


class CkanRefused(CatalogueError):
    """CKAN did not do what it was asked; the message says what, and what it answered."""


def read_token(settings: Settings) -> str:
    """Return the token to publish with.

    Raises:
        CkanRefused: there is none; the message names the setting.
    """
    if settings.ckan_token is not None:
        return settings.ckan_token.get_secret_value()
    kept = settings.state_dir / "keys" / TOKEN_NAME
    if kept.is_file():
        return kept.read_text(encoding="utf-8").strip()
    raise CkanRefused(
        f"The catalogue is to be published to {settings.ckan_url}, and there is no token for it: "
        "give one as ARCHIPEL_CKAN_TOKEN, or let `make services-up` make one."
    )


_ATTEMPTS = 4
_LONGEST_WAIT_SECONDS = 4.0


class _Failing(Exception):  # noqa: N818 - kept because it is named after the fact it states
    """CKAN answered that it failed (5xx), so that nothing was done."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__(f"HTTP {answer.status_code}")
        self.answer = answer


class _Session:
    """As much of a session of ``requests`` as ckanapi uses, over our HTTP client.

    What failed for certain (5xx, nobody listens) is asked again a few times; what may have been done without our
    hearing of it is not: the next publication finds out.
    """

    def __init__(self, timeout_seconds: float) -> None:
        # Kept from the environment because a proxy or a password in ~/.netrc is none of this account's business.
        self._client = timed_client(timeout_seconds, trust_env=False)

    def post(self, url: str, data: bytes, headers: dict[str, str], allow_redirects: bool, **_: Any) -> httpx.Response:
        try:
            for attempt in stamina.retry_context(
                on=(_Failing, httpx.ConnectError), attempts=_ATTEMPTS, timeout=None, wait_max=_LONGEST_WAIT_SECONDS
            ):
                with attempt:
                    answer = self._client.post(url, content=data, headers=headers, follow_redirects=allow_redirects)
                    if answer.is_server_error:
                        raise _Failing(answer)
        except _Failing as failed:
            return failed.answer
        return answer

    def close(self) -> None:
        self._client.close()


class CkanAccount:
    """CKAN's actions, called as one account."""

    def __init__(self, address: str, token: str, timeout_seconds: float) -> None:
        self.address = address.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self._portal = RemoteCKAN(self.address, apikey=token, session=_Session(timeout_seconds))

    @classmethod
    def from_settings(cls, settings: Settings) -> "CkanAccount":
        """Return the account of the settings, which must name a CKAN.

        Raises:
            CkanRefused: there is no token.
        """
        return cls(str(settings.ckan_url), read_token(settings), settings.ckan_timeout_seconds)

    def call(self, action: str, values: Mapping[str, Any]) -> Any:
        """Call an action and return its result.

        Raises:
            NotFound: what was asked for is not there.
            ValidationError: CKAN refused the values; a changed ``match`` of ``package_revise`` is told so too.
            CkanRefused: CKAN does not answer, or this account may not.
        """
        try:
            return self._portal.call_action(action, dict(values))
        except (NotFound, ValidationError):
            raise
        except NotAuthorized as error:
            raise CkanRefused(f"{self.address} does not let this token call {action}: {error}") from error
        except (CKANAPIError, ServerIncompatibleError) as error:
            raise CkanRefused(f"{self.address}, {action}: {error}") from error
        except httpx.TimeoutException as error:
            late = f"{self.address} gave no whole answer to {action} within {self._timeout_seconds:g} s"
            raise CkanRefused(late) from error
        except httpx.HTTPError as error:
            raise CkanRefused(f"{self.address} did not answer {action}: {error}") from error

    def find(self, action: str, name: str, **more: Any) -> dict[str, Any] | None:
        """Return what a ``…_show`` action answers, or None when there is no such thing.

        Raises:
            CkanRefused: likewise.
        """
        try:
            found: dict[str, Any] = self.call(action, {"id": name, **more})
        except NotFound:
            return None
        return found

    def write(self, action: str, values: Mapping[str, Any]) -> Any:
        """Call an action that must succeed.

        Raises:
            CkanRefused: CKAN refused the values, or likewise.
        """
        try:
            return self.call(action, values)
        except (NotFound, ValidationError) as error:
            what = values.get("id") or values.get("name") or values.get("resource_id") or ""
            raise CkanRefused(f"{self.address} refused {action} of {what}: {plain(error)}") from error


def plain(error: CKANAPIError) -> str:
    """Return CKAN's own words: which field, and why."""
    told = getattr(error, "error_dict", None)
    if not isinstance(told, dict):
        return str(error)
    return "; ".join(f"{field}: {said}" for field, said in told.items() if field != "__type")
