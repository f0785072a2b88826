"""A secret in two parts: ``name:secret``, cut at the first colon, the one form for every connector that needs a name.

The name is a user or the id of a key; the secret a password, a secret key or, for SFTP, a private key in OpenSSH's
text form. A name therefore holds no colon (as in RFC 7617); the secret may.
"""

from dataclasses import dataclass

from pydantic import SecretStr

from connectors.problems import BadOptions


@dataclass(frozen=True)
class Credentials:
    """Who asks, and the proof of it."""

    name: str
    secret: SecretStr


def two_parts(secret: SecretStr | None) -> Credentials:
    """Return a source's secret as name and secret.

    Raises:
        BadOptions: there is none, or it is not of this form; the text bears nothing of it.
    """
    if secret is None:
        raise BadOptions("secret", "this connector needs a secret of the form name:secret, and there is none")
    name, colon, proof = secret.get_secret_value().strip().partition(":")
    if not (name and colon and proof.strip()):
        raise BadOptions("secret", "it is not of the form name:secret")
    return Credentials(name, SecretStr(proof))
