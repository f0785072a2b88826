"""CKAN, served by gunicorn out of its own environment, with our extension; its token is kept for the publisher."""

import hashlib
import secrets
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from governance.catalogue.ckan.account import TOKEN_NAME
from governance.kept_secrets import secret_path, write_privately
from governance.settings import Settings
from infra.native.programs import run, run_visibly
from infra.native.service import Say, Service, StartFailed, answers_at, folder_of
from infra.native.services import ckan_environment
from infra.native.services.ckan_environment import obtain_environment
from infra.native.services.ckan_settings import ckan_ini
from infra.native.services.databases import ensure_database, ensure_role, run_as_superuser

EXTENSION = ckan_environment.FOLDER / "extension"
ACCOUNT = "archipel-publication"
"""Account of CKAN that the platform publishes as."""


def ckan_address(settings: Settings) -> str:
    """Return CKAN's address, without a trailing slash."""
    return f"http://{settings.host}:{settings.ckan_port}"


def _ini(settings: Settings) -> Path:
    return folder_of(settings, "ckan") / "ckan.ini"


def _own_environment(settings: Settings) -> dict[str, str]:
    extension = str(folder_of(settings, "ckan") / "extension")
    return {"CKAN_INI": str(_ini(settings)), "PYTHONPATH": extension, "PYTHONDONTWRITEBYTECODE": "1"}


def _ckan(settings: Settings, *words: str) -> str:
    what = f"ckan {' '.join(words[:3])}"
    command = [ckan_environment.program("ckan"), "-c", str(_ini(settings)), *words]
    return run(what, command, _own_environment(settings))


def run_ckan(settings: Settings, words: Sequence[str]) -> int:
    """Run CKAN's own command before a person's eyes, and return what it ends with.

    Raises:
        StartFailed: there is no CKAN in this state folder.
    """
    if not _ini(settings).is_file():
        raise StartFailed("There is no CKAN here yet: `make services-up ONLY=ckan` makes one.")
    command = [ckan_environment.program("ckan"), "-c", str(_ini(settings)), *words]
    return run_visibly(command, _own_environment(settings))


def _install_extension(folder: Path) -> None:
    """Install the extension beside the state, not into the shared environment: another clone may have another one."""
    files = sorted(path for path in EXTENSION.rglob("*") if path.is_file() and path.suffix != ".pyc")
    told = [f"{path.relative_to(EXTENSION)} {path.read_bytes().hex()}" for path in files]
    print_ = hashlib.sha256("\n".join(told).encode()).hexdigest()
    target, mark = folder / "extension", folder / "extension.sha256"
    if target.is_dir() and mark.is_file() and mark.read_text(encoding="utf-8") == print_:
        return
    source = folder / "extension-source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    # Built from a copy: setuptools leaves its work beside what it builds.
    shutil.copytree(EXTENSION, source, ignore=shutil.ignore_patterns("__pycache__"))
    ckan_environment.install("--no-deps", "--no-build-isolation", "--target", target, source)
    shutil.rmtree(source)
    words = (str(target / "archipel_ckan" / "i18n"), "--domain", "ckanext-archipel")
    run("pybabel compile", [ckan_environment.program("pybabel"), "-q", "compile", "--directory", *words])
    mark.write_text(print_, encoding="utf-8")


def _prepare_databases(settings: Settings) -> None:
    """Make or bring up to date the tables of CKAN and its plugins."""
    ensure_database(settings, "ckan")
    ensure_database(settings, "datastore", "ckan")
    ensure_role(settings, "datastore_reader")
    _ckan(settings, "db", "init")
    _ckan(settings, "db", "pending-migrations", "--apply")
    run_as_superuser(settings, "datastore", _without_psql(_ckan(settings, "datastore", "set-permissions")))


def _without_psql(statements: str) -> str:
    r"""Leave out the lines for psql itself, such as ``\connect``: the connection is to that database already."""
    return "\n".join(line for line in statements.splitlines() if not line.startswith("\\"))


def _make_account(settings: Settings) -> None:
    """Make the account, unless an earlier start was cut after that, and a token for it."""
    if "User: None" in _ckan(settings, "user", "show", ACCOUNT):
        password = secrets.token_urlsafe(32)  # nobody signs in with it: the platform has a token
        _ckan(settings, "user", "add", ACCOUNT, f"email={ACCOUNT}@localhost.localdomain", f"password={password}")
    _ckan(settings, "sysadmin", "add", ACCOUNT)
    token = _ckan(settings, "user", "token", "add", ACCOUNT, f"archipel-{int(time.time())}", "-q").strip()
    write_privately(secret_path(settings, TOKEN_NAME), token)


def _configure(settings: Settings, say: Say) -> None:
    folder = folder_of(settings, "ckan")
    _install_extension(folder)
    public = (settings.ckan_public_url or ckan_address(settings)).rstrip("/")
    write_privately(_ini(settings), ckan_ini(settings, public, folder, folder / "extension"))
    (folder / "storage").mkdir(exist_ok=True)
    done, lock = folder / ".ready", ckan_environment.environment_folder().name
    if done.is_file() and done.read_text(encoding="utf-8") == lock:
        return
    say("  preparing CKAN's database")
    _prepare_databases(settings)
    if not secret_path(settings, TOKEN_NAME).is_file():
        _make_account(settings)
    done.write_text(lock, encoding="utf-8")


def _command(settings: Settings) -> tuple[str, ...]:
    where = ("--bind", f"{settings.host}:{settings.ckan_port}", "--chdir", str(ckan_environment.FOLDER))
    # Never --preload: workers would share the connections to the database that their parent has opened, and hang.
    how = ("--workers", "2", "--threads", "4", "--timeout", "120", "--log-level", "warning")
    return (ckan_environment.program("gunicorn"), *where, *how, "wsgi:application")


CKAN = Service(
    name="ckan",
    command=_command,
    port="ckan_port",
    is_ready=answers_at("ckan_port", "/api/3/action/status_show"),
    needs=("postgresql", "redis", "solr"),
    obtain=lambda _settings, say: obtain_environment(say),
    configure=_configure,
    own_environment=_own_environment,
)
