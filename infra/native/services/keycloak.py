"""Keycloak, who says who somebody is: its distribution fetched with Maven, built once for PostgreSQL, in the cache.

Built and started ``--optimized``, as in production: a later start takes a third of what ``start-dev`` takes, and what
is tried here is what runs there. TLS is a reverse proxy's work; on loopback there is none.
"""

import shutil
import zipfile
from pathlib import Path

from filelock import FileLock

from governance.identity.keycloak.account import ADMINISTRATOR, PASSWORD_NAME
from governance.identity.keycloak.declarations import apply_declarations
from governance.kept_secrets import kept_secret, write_privately
from governance.settings import PROJECT_ROOT, Settings
from infra.native.downloads import cache_folder, read_checksums, require_checksums
from infra.native.programs import find_program, run
from infra.native.service import Say, Service, answers_at, folder_of
from infra.native.services.databases import ensure_database

FOLDER = PROJECT_ROOT / "infra" / "keycloak"
_VERSION = "26.7.3"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
_BUILT_FOR = ("--db=postgres", "--health-enabled=true", "--cache=local")


def keycloak_address(settings: Settings) -> str:
    """Return the address of the full profile's Keycloak, without a trailing slash."""
    return f"http://{settings.host}:{settings.keycloak_port}"


def distribution_folder() -> Path:
    """Return the folder of the download, whether it was fetched or not."""
    return cache_folder("keycloak", FOLDER / "checksums.txt")


def _home() -> Path:
    return distribution_folder() / f"keycloak-{_VERSION}"


def _fetch(draft: Path) -> None:
    """Fetch the distribution, hold it against its checksum, unpack it and build it."""
    shutil.rmtree(draft, ignore_errors=True)
    what = (f"-Dartifact=org.keycloak:keycloak-quarkus-dist:{_VERSION}:zip", f"-DoutputDirectory={draft}")
    run("mvn", [find_program("mvn", "maven"), "-q", "-B", _COPY, *what])
    require_checksums(draft, read_checksums(FOLDER / "checksums.txt"))
    archive = next(draft.glob("*.zip"))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(draft)
    archive.unlink()


def _obtain(_settings: Settings, say: Say) -> None:
    find_program("java", "default-jdk-headless")
    folder = distribution_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):
        if not folder.is_dir():
            say("  fetching Keycloak with Maven")
            draft = folder.with_name(f"{folder.name}.draft")
            _fetch(draft)
            draft.rename(folder)
        done, what = folder / ".built", " ".join(_BUILT_FOR)
        if not done.is_file() or done.read_text(encoding="utf-8") != what:
            say("  building Keycloak for PostgreSQL")
            # Where it stays: what the build writes knows its own place.
            run("kc.sh build", ["bash", _home() / "bin" / "kc.sh", "build", *_BUILT_FOR])
            done.write_text(what, encoding="utf-8")


def _file(settings: Settings) -> Path:
    return folder_of(settings, "keycloak") / "keycloak.conf"


def _configure(settings: Settings, _say: Say) -> None:
    ensure_database(settings, "keycloak")
    lines = {
        "db-url": f"jdbc:postgresql://{settings.host}:{settings.postgresql_port}/keycloak",
        "db-username": "keycloak",
        "db-password": kept_secret(settings, "postgresql_keycloak"),
        "http-enabled": "true",
        "http-host": settings.host,
        "http-port": str(settings.keycloak_port),
        "http-management-host": settings.host,
        "http-management-port": str(settings.keycloak_management_port),
        # Its administration alone: the realm itself is reached by the front, and says so in its tokens.
        "hostname": keycloak_address(settings),
        "proxy-headers": "xforwarded",
        "proxy-trusted-addresses": settings.host,
        # Read at the first start alone, which makes the account.
        "bootstrap-admin-username": ADMINISTRATOR,
        "bootstrap-admin-password": kept_secret(settings, PASSWORD_NAME),
        "log-level": "warn",
    }
    write_privately(_file(settings), "".join(f"{name}={value}\n" for name, value in lines.items()))


def _furnish(settings: Settings, say: Say) -> None:
    """Apply the realm, unless the platform is told to use another Keycloak: that one is its operator's to change."""
    beside = settings.model_copy(update={"keycloak_url": settings.keycloak_url or keycloak_address(settings)})
    if beside.keycloak_url == keycloak_address(settings):
        say(f"  realm {settings.keycloak_realm}: {len(apply_declarations(beside))} written")


def _command(settings: Settings) -> tuple[str, ...]:
    return ("bash", str(_home() / "bin" / "kc.sh"), f"--config-file={_file(settings)}", "start", "--optimized")


KEYCLOAK = Service(
    name="keycloak",
    command=_command,
    port="keycloak_port",
    is_ready=answers_at("keycloak_management_port", "/health/ready"),
    needs=("postgresql",),
    obtain=_obtain,
    configure=_configure,
    furnish=_furnish,
    # The heap alone, so that the rest stays as Keycloak's script sets it.
    own_environment=lambda _settings: {"JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m"},
)
