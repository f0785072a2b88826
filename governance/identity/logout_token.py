"""A logout token: the issuer's word that a session of its own has ended, so that ours must.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 to 2.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from governance.identity.refusals import TokenError
from governance.identity.tokens import TokenVerifier

EVENT = "http://schemas.openid.net/event/backchannel-logout"
LONGEST_TOKEN = 16_384
"""Signs of a logout token at most."""
_OLDEST = timedelta(minutes=10)
"""A token that was made earlier than this is refused, however long it says it may be used."""


@dataclass(frozen=True)
class Ended:
    """Whose sessions have ended: one of the issuer's, or where that is not named all of an account."""

    subject: str
    issuer_session: str | None


def read_logout_token(verifier: TokenVerifier, token: str, is_new: Callable[[str, datetime], bool]) -> Ended:
    """Check a logout token and return whose sessions end.

    ``is_new`` notes a token's id until an instant, and says whether it had not been noted before.

    Raises:
        TokenError: signature, issuer, audience or dates do not hold; it is no logout token; or it was used before.
    """
    claims = verifier.claims_of(token)
    events, session, told = claims.get("events"), claims.get("sid"), claims.get("jti")
    is_logout = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    if not is_logout or "nonce" in claims or claims.get("typ", "Logout") != "Logout":
        # A nonce marks an identity token: one that leaked must not end anything.
        raise TokenError("token_wrong_kind")
    if not isinstance(told, str) or not told or not isinstance(claims["sub"], str):
        raise TokenError("token_claim_missing")
    made = datetime.fromtimestamp(claims["iat"], UTC)
    if made < datetime.now(UTC) - _OLDEST:
        raise TokenError("token_expired")
    if not is_new(told[:200], made + 2 * _OLDEST):
        raise TokenError("token_used")
    return Ended(claims["sub"], session if isinstance(session, str) and session else None)


def refusal_of(error: TokenError) -> tuple[int, dict[str, str]]:
    """Return status and JSON body that tell the issuer that its word was not taken (2.8)."""
    told = {"error": "invalid_request", "error_description": error.refusal.code}
    return (503 if error.refusal.code == "issuer_unreachable" else 400), told
