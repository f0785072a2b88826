"""nginx in front: TLS, the catalogue's files straight from the disk, limits for each address, the rest handed on.

Its workers run as an account that may read the published catalogue and none of the files that are not open.
"""

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from governance.api.app import SECURITY_HEADERS
from governance.api.catalogue_files import CATALOGUE_TYPES
from governance.api.handed_over import CARRIED, KEY, LOCATION, PASSED_ON, front_key
from governance.api.problems import Language, ProblemError, to_problem
from governance.api.rows import WHOLE
from governance.api.words import reason
from governance.federation import Member, load_federation
from governance.kept_secrets import secret_path, write_privately
from governance.settings import PROJECT_ROOT, Settings
from infra.native.programs import find_program, run
from infra.native.service import Say, Service, StartFailed, folder_of, listens, require_way_in
from infra.native.services.front_certificate import make_authority, make_certificate

ACCOUNT = "www-data"
"""Debian's account, used when root starts the platform."""
_TEMPLATES = PROJECT_ROOT / "infra" / "front"
_STRICT_SECONDS = 31_536_000
_KEPT_BYTES = 2 * 1024**3
"""Room on the disk for answers that are open to everybody; the oldest leave first."""


def front_address(settings: Settings) -> str:
    """Return the address of the front, without a trailing slash."""
    return f"https://{settings.host}:{settings.front_port}"


def front_ckan_address(settings: Settings) -> str:
    """Return the address of CKAN behind the front, without a trailing slash."""
    return f"https://{settings.host}:{settings.front_ckan_port}"


def authority_file(settings: Settings) -> Path:
    """Path of the certificate of this installation's own authority, for those who shall trust it."""
    return folder_of(settings, "front") / "authority.pem"


def _problem(settings: Settings, status: int, code: str) -> dict[str, str]:
    """Return a problem in each language, as nginx quotes it; only the number of the request is filled in by nginx."""
    said: dict[str, str] = {}
    languages: tuple[Language, ...] = ("fr", "en")
    for language in languages:
        problem = to_problem(ProblemError(status, reason(code)), settings.public_address, "", language)
        told = json.dumps(
            {**problem.model_dump(exclude_none=True), "instance": "urn:request:REQUEST"}, ensure_ascii=False
        )
        quoted = told.replace("\\", "\\\\").replace("'", "\\'").replace("$", "").replace("REQUEST", "$request_id")
        said[language] = quoted
    return said


def _portals(settings: Settings) -> list[Member]:
    """Members that have a portal under a name of their own."""
    federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    return [member for member in federation.members.values() if member.portal]


def render_front(
    settings: Settings, folder: Path, certificate: Path, key: Path, user: str | None, files: Path | None
) -> str:
    """Return nginx's configuration; ``files`` is the folder of whole files that it may send itself, if it may."""
    loader = FileSystemLoader(_TEMPLATES)
    templates = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701 - no HTML
    listens_on, loopback = settings.front_host or settings.host, settings.host
    portals = {member.portal.host: member for member in _portals(settings) if member.portal}
    return templates.get_template("nginx.conf.j2").render(
        user=user,
        folder=folder,
        certificate=certificate,
        key=key,
        catalogue=(settings.state_dir / "catalogue").resolve() / "current",
        public=settings.public_address,
        portals={host: member.id for host, member in portals.items()},
        homes={
            host: member.portal.address(settings.public_address) for host, member in portals.items() if member.portal
        },
        http=f"{listens_on}:{settings.front_http_port}",
        https=f"{listens_on}:{settings.front_port}",
        ckan_https=f"{listens_on}:{settings.front_ckan_port}",
        console=f"{loopback}:{settings.console_port}",
        ckan=f"{loopback}:{settings.ckan_port}",
        keycloak=f"{loopback}:{settings.keycloak_port}",
        realm=settings.keycloak_realm,
        rate=settings.front_requests_per_second,
        connections=settings.front_connections,
        kept_bytes=_KEPT_BYTES,
        largest_body=settings.fetch_max_bytes + 1_000_000,
        types={suffix.removeprefix("."): kind for suffix, kind in CATALOGUE_TYPES.items()},
        headers=SECURITY_HEADERS,
        files={
            "folder": files,
            "location": LOCATION,
            "key_header": KEY,
            "key": front_key(settings) if files else "",
            "passed_on": (*PASSED_ON, *SECURITY_HEADERS, "traceparent"),
            "carried": CARRIED,
        },
        # A browser would hold it against every other program of this machine.
        strict="" if settings.is_local else f"max-age={_STRICT_SECONDS}",
        problems={
            "too_many_requests": _problem(settings, 429, "too_many_requests"),
            "service_not_answering": _problem(settings, 503, "service_not_answering"),
        },
    )


def _obtain(_settings: Settings, _say: Say) -> None:
    find_program("nginx", "nginx")


def _account(settings: Settings) -> str | None:
    """Account of the workers, where root starts the platform.

    Raises:
        StartFailed: there is no such account, or it may not enter the folder of the catalogue.
    """
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise StartFailed(f"There is no account {ACCOUNT!r} for nginx's workers: apt-get install nginx") from None
    require_way_in(ACCOUNT, settings.state_dir.resolve() / "catalogue", "nginx reads the published files")
    return ACCOUNT


def files_to_send(settings: Settings, account: str | None) -> Path | None:
    """Return the folder of whole files, where the front is to send them itself; ``account`` is its workers'.

    Raises:
        StartFailed: the settings say so, and that account may not read them.
    """
    folder = settings.feeds_dir.resolve() / WHOLE
    if settings.front_sends_files is False:
        return None
    if folder.is_dir() and _may_read_what_is_made_in(folder, account):
        return folder
    if settings.front_sends_files:
        raise StartFailed(
            f"ARCHIPEL_FRONT_SENDS_FILES is true, and nginx's workers ({account or 'this account'}) may not read what "
            f"is made in {folder}, or it is not there. Either give their group the right to, as "
            "docs/howto/run-in-production.md says, or leave the setting out: the platform then sends them itself."
        )
    return None


def _may_read_what_is_made_in(folder: Path, account: str | None) -> bool:
    """Whether an account may read what the platform makes in a folder from now on; asked of the system."""
    probe = folder / f".probe-{uuid4().hex}" / "file"
    probe.parent.mkdir()
    try:
        probe.touch()
        if account is None:
            return os.access(probe, os.R_OK)
        entry = pwd.getpwnam(account)
        groups = os.getgrouplist(account, entry.pw_gid)
        words = ["test", "-r", str(probe)]
        return subprocess.run(words, user=entry.pw_uid, group=entry.pw_gid, extra_groups=groups).returncode == 0
    finally:
        shutil.rmtree(probe.parent)


def _names(settings: Settings) -> set[str]:
    public = {urlsplit(address).hostname for address in (settings.public_url, settings.ckan_public_url) if address}
    portals = {member.portal.host for member in _portals(settings) if member.portal}
    return {name for name in {"localhost", "127.0.0.1", settings.host, *public, *portals} if name}


def _certificate(settings: Settings) -> tuple[Path, Path]:
    """Return the certificate and its key: those of the settings, or the installation's own, made if need be.

    Raises:
        StartFailed: one of the two is named without the other.
    """
    if settings.tls_certificate and settings.tls_key:
        return settings.tls_certificate.resolve(), settings.tls_key.resolve()
    if settings.tls_certificate or settings.tls_key:
        raise StartFailed("ARCHIPEL_TLS_CERTIFICATE and ARCHIPEL_TLS_KEY go together: one of them is missing.")
    authority, authority_key = authority_file(settings), secret_path(settings, "front_authority.key")
    certificate, key = folder_of(settings, "front") / "certificate.pem", secret_path(settings, "front.key").resolve()
    make_authority(authority, authority_key)
    make_certificate(authority, authority_key, _names(settings), certificate, key)
    return certificate, key


def _file(settings: Settings) -> Path:
    return folder_of(settings, "front") / "nginx.conf"


def _configure(settings: Settings, _say: Say) -> None:
    folder, user = folder_of(settings, "front"), _account(settings)
    (folder / "temp").mkdir(exist_ok=True)
    files = files_to_send(settings, user)
    write_privately(_file(settings), render_front(settings, folder, *_certificate(settings), user, files))
    run("nginx -t", [find_program("nginx", "nginx"), "-t", "-e", "stderr", "-c", _file(settings)])


def _command(settings: Settings) -> tuple[str, ...]:
    return (str(find_program("nginx", "nginx")), "-e", "stderr", "-c", str(_file(settings)))


FRONT = Service(
    name="front",
    command=_command,
    port="front_port",
    is_ready=listens("front_port"),
    needs=("console", "ckan"),
    obtain=_obtain,
    configure=_configure,
    stop_signal="QUIT",  # answers that are under way are finished
)
