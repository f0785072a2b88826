"""The egress guard: addresses come from outside, so each is judged before a byte is sent to it.

A name is resolved once; every address it has must be public; the connection goes to the very address that was judged
(the name is kept for TLS and for ``Host``), so a name that answers differently the second time gains nothing. It is an
httpx transport: each redirection passes through it again. Proxies of the environment are not used.
"""

import socket
import ssl
from collections.abc import Callable, Sequence
from functools import cache
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
        if address not in _GLOBAL_UNICAST or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def shown(url: httpx.URL) -> str:
    """An address for messages and logs: without user, password, query or fragment, where secrets hide."""
    port = f":{url.port}" if url.port else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}{url.path}"


def _is_exception(host: str, port: int, rules: EgressRules) -> bool:
    host = host.lower().rstrip(".")
    return f"{host}:{port}" in rules.exceptions or f"[{host}]:{port}" in rules.exceptions


def judge(url: httpx.URL, rules: EgressRules, resolver: Resolve = resolve) -> list[Address]:
    """Return the addresses that may be connected to for this URL, at least one.

    Raises:
        EgressForbidden: the scheme, the port or any one of the addresses is not allowed.
        SourceUnavailable: the name does not resolve.
    """
    where = shown(url)
    if url.scheme not in rules.schemes:
        raise EgressForbidden(where, f"schéma « {url.scheme} »", f"scheme {url.scheme!r}")
    if not url.host:
        raise EgressForbidden(where, "aucun nom d'hôte", "no host name")
    port = url.port or _DEFAULT_PORTS[url.scheme]
    excepted = _is_exception(url.host, port, rules)
    if not excepted and port not in rules.ports:
        raise EgressForbidden(where, f"port {port}", f"port {port}")
    try:
        addresses = list(resolver(url.host, port))
    except UnicodeError:
        raise EgressForbidden(where, "ce n'est pas un nom d'hôte", "not a host name") from None
    except OSError as error:
        raise SourceUnavailable(where, "nom inconnu", "the name does not resolve") from error
    if not addresses:
        raise SourceUnavailable(where, "nom inconnu", "the name does not resolve")
    private = [address for address in addresses if not is_public(address)]
    if private and not excepted:
        raise EgressForbidden(
            where, f"{private[0]} n'est pas une adresse publique", f"{private[0]} is not a public address"
        )
    return addresses


@cache
def _public_authorities() -> ssl.SSLContext:
    """Made once: reading the list of authorities costs more than a small file."""
    return httpx.create_ssl_context(trust_env=False)


class GuardedTransport(httpx.BaseTransport):
    """Sends each request to an address that was judged, and to no other."""

    def __init__(self, rules: EgressRules, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        self._rules = rules
        self._resolver = resolver
        # No connection is kept: pools are keyed by address, and two names on one address must not share a TLS session.
        self._inner = httpx.HTTPTransport(
            verify=tls or _public_authorities(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Judge, pin, send; the next address is tried only when the one before could not be connected to."""
        name = request.url.host
        failure: httpx.TransportError | None = None
        for address in judge(request.url, self._rules, self._resolver):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,  # kept as they are: Host was written from the name
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": name},
            )
            try:
                return self._inner.handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
        raise failure or httpx.ConnectError("no address")

    def close(self) -> None:
        """Close what is open."""
        self._inner.close()
