"""A certificate authority of this installation's own, and the certificate that it gives the front.

For machines without a public name. A public installation names its own certificate in the settings.
"""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from governance.kept_secrets import write_privately

_AUTHORITY_DAYS, _DAYS, _RENEW_DAYS = 3650, 397, 30
"""397 days is the longest that browsers take a certificate for. Source: CA/Browser Forum, ballot SC-31."""
_NAME = "Archipel, autorité de cette installation"


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_privately(path, key.private_bytes(*form).decode())


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # ours
    return key


def _certificate(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def make_authority(certificate: Path, key_path: Path) -> None:
    """Make the authority, once; it may vouch for servers and for no other authority."""
    if certificate.is_file() and key_path.is_file():
        return
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    made = (
        _certificate(_NAME, _NAME, key, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def make_certificate(authority: Path, authority_key: Path, names: Iterable[str], certificate: Path, key: Path) -> None:
    """Make the front's certificate for names and addresses, or leave one that still holds for the same."""
    wanted = sorted(set(names))
    if certificate.is_file() and key.is_file() and _still_holds(certificate, authority, wanted):
        return
    signer, own = x509.load_pem_x509_certificate(authority.read_bytes()), ec.generate_private_key(ec.SECP256R1())
    made = (
        _certificate(wanted[0], _NAME, own, _DAYS)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in wanted]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)  # type: ignore[arg-type]
        .sign(_read_key(authority_key), hashes.SHA256())
    )
    _write_key(key, own)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _still_holds(certificate: Path, authority: Path, names: list[str]) -> bool:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    told = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if sorted(str(name.value) for name in told) != names:
        return False
    if found.not_valid_after_utc < datetime.now(UTC) + timedelta(days=_RENEW_DAYS):
        return False
    try:
        found.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.read_bytes()))
    except Exception:  # whatever is wrong with it, another one is made
        return False
    return True
