"""A private certificate authority that a declaration trusts: public, so it stands in the declaration itself."""

import ssl
from typing import Annotated

from pydantic import AfterValidator


def _is_a_certificate(value: str) -> str:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=value)
    except (ssl.SSLError, ValueError):
        raise ValueError("it is no certificate in PEM form") from None
    return value


Authority = Annotated[str, AfterValidator(_is_a_certificate)]
"""One or several certificates in PEM form, one after the other."""
