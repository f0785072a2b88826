"""The egress guard's judgement: addresses come from outside, so each is judged before a byte is sent to it.

A name is resolved once and every address it has must be public. ``connectors.transport`` connects to the very
addresses judged here, so a name that answers differently the second time gains nothing.
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from connectors.base import EgressRules
from connectors.problems import EgressForbidden, SourceUnavailable

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[Address]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Beyond what IANA allots as global unicast lie addresses that embed a private IPv4 one (::/96, NAT64) or are obsolete.
_GLOBAL_UNICAST = IPv6Network("2000::/3")


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host, as the system resolves it; ``2130706433`` and ``0x7f.1`` become what they hide.

    Raises:
        OSError: the name does not resolve.
        UnicodeError: it is no host name at all.
    """
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers))


def is_public(address: Address) -> bool:
    """Whether an address is one of the public Internet, whatever other address it embeds (RFC 4291, 3056)."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _GLOBAL_UNICAST or address.sixtofour is not None:
            return False
    return address.is_global and not address.is_multicast


def shown(url: httpx.URL) -> str:
    """An address for messages and logs: without user, password, query or fragment, where secrets hide."""
    port = f":{url.port}" if url.port else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}{url.path}"


def _is_exception(host: str, port: int, rules: EgressRules) -> bool:
    host = host.lower().rstrip(".")
    return bool({f"{host}:{port}", f"[{host}]:{port}"} & {exception.lower() for exception in rules.exceptions})


def judge_url(url: httpx.URL, rules: EgressRules) -> None:
    """Do nothing if the address's form is allowed.

    Raises:
        EgressForbidden: the scheme or the port is not on the list, or there is no host.
    """
    where = shown(url)
    if url.scheme not in rules.schemes:
        raise EgressForbidden(where, f"schéma « {url.scheme} »", f"scheme {url.scheme!r}")
    if not url.host:
        raise EgressForbidden(where, "aucun nom d'hôte", "no host name")
    port = url.port or _DEFAULT_PORTS[url.scheme]
    if port not in rules.ports and not _is_exception(url.host, port, rules):
        raise EgressForbidden(where, f"port {port}", f"port {port}")


def judge_service(
    host: str, port: int, usual_ports: tuple[int, ...], rules: EgressRules, resolver: Resolve = resolve
) -> list[Address]:
    """Return the addresses of a service that does not speak HTTP; ``usual_ports`` are those of its protocol.

    Raises:
        EgressForbidden: another port, or an address that is not public, and host and port are no exception.
        SourceUnavailable: the name does not resolve.
    """
    if port not in usual_ports and not _is_exception(host, port, rules):
        raise EgressForbidden(f"{host}:{port}", f"port {port}", f"port {port}")
    return judge_host(host, port, rules, resolver)


def judge_host(host: str, port: int, rules: EgressRules, resolver: Resolve = resolve) -> list[Address]:
    """Return the addresses that may be connected to for this host, at least one.

    Raises:
        EgressForbidden: any one of its addresses is not public, and host and port are no exception.
        SourceUnavailable: the name does not resolve.
    """
    where = f"{host}:{port}"
    try:
        addresses = list(resolver(host, port))
    except UnicodeError:
        raise EgressForbidden(where, "ce n'est pas un nom d'hôte", "not a host name") from None
    except OSError as error:
        raise SourceUnavailable(where, "nom inconnu", "the name does not resolve") from error
    if not addresses:
        raise SourceUnavailable(where, "nom inconnu", "the name does not resolve")
    private = [address for address in addresses if not is_public(address)]
    if private and not _is_exception(host, port, rules):
        raise EgressForbidden(
            where, f"{private[0]} n'est pas une adresse publique", f"{private[0]} is not a public address"
        )
    return addresses
