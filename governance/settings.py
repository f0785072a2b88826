"""Every setting of the platform, typed; the only place that reads the environment.

Names are prefixed ``ARCHIPEL_`` (``ARCHIPEL_STATE_DIR``). Secrets have no working default: a missing one
stays ``None`` and whoever needs it fails with a message that names the setting.
"""

import os
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """The platform's settings; each field is documented in ``docs/reference/settings.md``."""

    model_config = SettingsConfigDict(env_prefix="ARCHIPEL_", frozen=True, extra="ignore")

    federation_dir: Path = PROJECT_ROOT / "federation"
    """Folder of the declarations: federation, members, partners, contracts, agreements."""
    state_dir: Path = PROJECT_ROOT / ".archipel"
    """Folder of everything that is made at run time; deleting it loses no declaration."""
    dbt_dir: Path = PROJECT_ROOT / "dbt"
    """The dbt project."""
    policies_dir: Path = PROJECT_ROOT / "policies"
    """The Rego policies that are built into the bundle."""
    database_url: str | None = None
    """SQLAlchemy address of runs, receipts and journal; by default a SQLite file in the state folder, or the full
    profile's PostgreSQL."""
    airflow_database_url: str | None = None
    """SQLAlchemy address of Airflow's own database; likewise."""

    host: str = "127.0.0.1"
    """Address that every embedded service listens on."""
    console_port: int = 8700
    """Port of the console, the catalogue and the feeds API."""
    opa_port: int = 8701
    """Port of the policy engine."""
    airflow_port: int = 8702
    """Port of Airflow's API server and pages."""
    example_sites_port: int = 8703
    """Port of the example town halls' web server."""

    postgresql_port: int = 8710
    """Port of the full profile's PostgreSQL."""
    redis_port: int = 8711
    """Port of the full profile's Redis."""
    solr_port: int = 8712
    """Port of the full profile's Solr, the index of CKAN."""
    ckan_port: int = 8713
    """Port of the full profile's CKAN."""
    keycloak_port: int = 8714
    """Port of the full profile's Keycloak."""
    keycloak_management_port: int = 8715
    """Port on which the full profile's Keycloak says whether it is ready."""

    front_host: str | None = None
    """Address that the front listens on, such as 0.0.0.0; by default that of the other services, which stay where they
    are. Reserved pages close where others than this machine can reach it and nobody can sign in."""
    front_port: int = 8716
    """Port of the full profile's front (nginx, TLS): console, catalogue and feeds."""
    front_http_port: int = 8717
    """Port on which the front only says that the other is the one."""
    front_ckan_port: int = 8718
    """Port of the full profile's front for CKAN."""
    front_requests_per_second: int = Field(20, ge=1)
    """Pages and feeds that one address may ask of the front in a second, with bursts of four times as many; of the
    catalogue's files it may ask five times as many."""
    front_connections: int = Field(50, ge=1)
    """Answers that one address may take from the front at the same time."""
    front_sends_files: bool | None = None
    """Whether the front itself sends whole files of feeds, once the platform has decided and written it down; by
    default where the account of its workers may read what is made in ``feeds/whole``. With true it refuses to start
    where they may not."""
    tls_certificate: Path | None = None
    """Certificate of the front with those that vouch for it, as PEM; by default one of this installation's own
    authority."""
    tls_key: Path | None = None
    """Key of that certificate."""

    keycloak_url: str | None = None
    """Address of the Keycloak whose realm is kept in step with the declarations; by default none, or the full
    profile's."""
    keycloak_realm: str = "archipel"
    """Realm of that Keycloak that is the platform's."""
    keycloak_admin_password: SecretStr | None = None
    """Password of Keycloak's account ``archipel-administration``; by default the one that ``make services-up`` made."""

    session_idle_minutes: int = Field(30, ge=1, le=480)
    """How long somebody who is signed in to the console may do nothing before having to sign in again."""
    session_hours: float = Field(10, gt=0, le=24)
    """How long somebody stays signed in to the console at most, in hours."""

    ckan_public_url: str | None = None
    """Address under which people reach the full profile's CKAN; by default its own, or the front's."""
    ckan_url: str | None = None
    """Address of the CKAN that the catalogue is published to as well; by default none, or the full profile's."""
    ckan_token: SecretStr | None = None
    """Token of an account of CKAN that may write; by default the one that ``make services-up`` made."""
    ckan_timeout_seconds: float = Field(30.0, gt=0)
    """Longest wait for one answer of CKAN."""
    opa_url: str | None = None
    """Address of the policy engine; by default the embedded one."""
    decision_keep_seconds: float = Field(1.0, ge=0, le=60)
    """How long the policy engine's answer may be used again for the same question; 0 asks each time. A new policy
    takes effect at once in any case."""
    decision_log_days: int = Field(30, ge=1)
    """How long the policy engine's own log of decisions is kept, to be held against the journal, in days."""
    public_url: str | None = None
    """Address under which people reach the console and the feeds; by default the embedded one."""
    egress_exceptions: tuple[str, ...] = ()
    """``host:port`` pairs that connectors may reach although they are not public addresses."""
    fetch_timeout_seconds: float = 30.0
    """Longest wait for a source to answer or to send its next bytes."""
    fetch_max_bytes: int = 512 * 1024 * 1024
    """Largest body accepted from a source, after decompression."""
    fetch_attempts: int = 4
    """How often a source that does not answer is asked in one run."""
    source_folders: tuple[Path, ...] = ()
    """Folders of this machine that the local_folder connector may read; by default none."""
    secret_folders: tuple[Path, ...] = (Path("/run/secrets"),)
    """Folders of this machine in which a source's secret may be referred to as ``file:``."""
    secret_prefix: str = "SOURCE_SECRET_"  # noqa: S105 - kept because this is a name, not a secret
    """Beginning of the variables that a source's secret may refer to as ``env:``; no declaration reaches others."""
    absence_grace_days: int = Field(30, ge=0)
    """Days that the last good rows of a source stay served after it was found gone, before it is archived."""
    token_issuer: str = "archipel-development"  # noqa: S105 - kept because this is a name, not a secret
    """``iss`` that a partner's token must bear."""
    token_audience: str = "archipel-feeds"  # noqa: S105 - kept because this is a name, not a secret
    """``aud`` that a partner's token must bear."""
    token_jwks_url: str | None = None
    """Address of the issuer's public keys; by default the development issuer's key file."""
    feed_quota_requests: int = Field(600, ge=1)
    """Requests that may be made of the feeds under one agreement within a window, unless it declares its own quota."""
    feed_quota_seconds: int = Field(60, ge=1, le=86_400)
    """Length of that window."""
    log_format: Literal["text", "json"] = "text"
    """Form of the platform's own log lines: words, or one JSON object a line with the trace id of what it is about."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    """From which level on the platform's own log lines are written; INFO tells of each run, model and publication."""
    metrics_token: SecretStr | None = None
    """Token with which a Prometheus of another machine may read the metrics; by default only this machine may."""
    lineage_url: str | None = None
    """Address of a lineage server that takes OpenLineage events, such as Marquez; by default they are only kept."""
    lineage_token: SecretStr | None = None
    """Token that the lineage server asks for."""
    lineage_days: int = Field(400, ge=1)
    """How long the events of a run are kept, in days; what the last good run of each source and dataset said stays."""
    notices_days: int = Field(90, ge=1)
    """How long a notice of a receipt or a digest is kept after it was delivered, given up or withdrawn, in days."""
    smtp_host: str | None = None
    """Server that notices by e-mail are handed to; without one they wait, and members' pages say so."""
    smtp_port: int = 587
    """Port of that server: 587 with STARTTLS, 465 with TLS from the start."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """How the way to that server is protected; ``none`` only suits a server on this machine, and takes no password."""
    smtp_ca_file: Path | None = None
    """Certificates of the authority that vouches for that server, where it is not a public one."""
    smtp_user: str | None = None
    """Account at that server; by default none is used."""
    smtp_password: SecretStr | None = None
    """Password of that account."""
    smtp_sender: str | None = None
    """Address that notices come from; by default the federation's contact."""
    notify_give_up_hours: float = Field(72, gt=0)
    """How long a notice that cannot be delivered is tried again before it is given up and shown as such."""
    pseudonym_key: SecretStr | None = None
    """Secret under which subjects are pseudonymised in the journal; by default made once in the state folder."""

    @property
    def opa_address(self) -> str:
        """Address of the policy engine, without a trailing slash."""
        return (self.opa_url or f"http://{self.host}:{self.opa_port}").rstrip("/")

    @property
    def public_address(self) -> str:
        """Address of the console and feeds, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.console_port}").rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether people reach the platform from this machine alone; what cannot be told is not."""
        return all(map(is_loopback, (urlsplit(self.public_address).hostname, self.host, self.front_host or self.host)))

    @property
    def people_sign_in(self) -> bool:
        """Whether there is somebody to ask who people are: a Keycloak whose realm issues the platform's tokens."""
        return self.keycloak_url is not None and self.token_jwks_url is not None

    @property
    def uploads_dir(self) -> Path:
        """Folder of the boxes in which people hand in files: ``<member>/<source>``."""
        return self.state_dir / "uploads"

    @property
    def feeds_dir(self) -> Path:
        """Folder of the files that feeds are answered with."""
        return self.state_dir / "feeds"

    @property
    def example_sites_address(self) -> str:
        """Address of the example town halls' web server."""
        return f"http://{self.host}:{self.example_sites_port}"

    @property
    def database_address(self) -> str:
        """SQLAlchemy address of the platform's state."""
        return self.database_url or f"sqlite:///{self.state_dir / 'state.sqlite'}"


def is_loopback(name: str | None) -> bool:
    """Whether an address or name is this machine's own; what cannot be told is not."""
    try:
        return ip_address(name or "").is_loopback
    except ValueError:
        return name == "localhost"


def cache_home() -> Path:
    """Return the folder of what was downloaded or built once, outside the checkout, so that a new clone is quick.

    Source: freedesktop.org, XDG Base Directory Specification.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "archipel"


def read_variable(settings: Settings, name: str) -> SecretStr | None:
    """Return a variable that a source refers to as its secret; None when it is not set or empty.

    Raises:
        PermissionError: the name has not the prefix; its value was not read.
    """
    if not name.startswith(settings.secret_prefix):
        raise PermissionError(name)
    value = os.environ.get(name, "")
    return SecretStr(value) if value else None


def is_tracing_asked() -> bool:
    """Whether the operator asks for spans, by OpenTelemetry's own variables.

    Source: OpenTelemetry, environment variable specification.
    """
    told = {name: os.environ.get(f"OTEL_{name}", "").strip().lower() for name in _OTEL_VARIABLES}
    if told["SDK_DISABLED"] == "true" or told["TRACES_EXPORTER"] not in ("", "otlp"):
        return False
    return bool(told["TRACES_EXPORTER"] or told["EXPORTER_OTLP_ENDPOINT"] or told["EXPORTER_OTLP_TRACES_ENDPOINT"])


_OTEL_VARIABLES = ("SDK_DISABLED", "TRACES_EXPORTER", "EXPORTER_OTLP_ENDPOINT", "EXPORTER_OTLP_TRACES_ENDPOINT")
SETTLED_FILE = "installation.env"
"""Name of the file in the state folder that says what a start has settled: which servers and which database are its."""


def settings_beside(state_dir: Path) -> Settings:
    """Return the environment's settings and, beneath them, what was settled when that state folder was last started.

    So that a command typed beside a running platform works on the same state and servers without being told.
    """
    return Settings(_env_file=state_dir / SETTLED_FILE)


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Return the settings of this process, read once."""
    return settings_beside(Settings().state_dir)
