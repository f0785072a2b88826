"""Which commune's portal a request is for, by the name that it was sent to; CKAN shows that commune's data alone there.

The names come from CKAN's configuration (``archipel.portals``), which the platform writes from the members' files. A
name that is nobody's is the federation's: everything is shown.
"""

import json
from functools import cache
from typing import TypedDict

from ckan.plugins import toolkit
from flask import has_request_context


class Portal(TypedDict):
    """One commune's portal, as the configuration tells it."""

    organisation: str
    title: str
    title_en: str
    colour: str
    home: str
    """Address of its page that says what it shares, what it does not and why."""


@cache
def _portals(told: str) -> dict[str, Portal]:
    known: dict[str, Portal] = json.loads(told)
    return known


def is_export() -> bool:
    """Say whether this request is for the DCAT of the catalogue, which harvesters read."""
    return has_request_context() and str(toolkit.request.path).startswith(("/catalog.", "/fr/catalog.", "/en/catalog."))


def portal_of_request() -> Portal | None:
    """Return the portal of this request; None for the federation's own name and outside of requests."""
    if not has_request_context():
        return None
    host = str(toolkit.request.host).rsplit(":", 1)[0].lower()
    return _portals(toolkit.config.get("archipel.portals") or "{}").get(host)
