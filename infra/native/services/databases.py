"""Databases and roles in the full profile's PostgreSQL, each service's own, with a password that is kept for it."""

from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from governance.kept_secrets import kept_secret, secret_path, write_privately
from governance.settings import Settings

SUPERUSER = "postgres"


def database_address(settings: Settings, name: str, role: str | None = None) -> str:
    """Return the address of a database for a role, by default the role of the same name, with its password."""
    role = role or name
    where = f"{settings.host}:{settings.postgresql_port}/{name}"
    return f"postgresql://{role}:{kept_secret(settings, f'postgresql_{role}')}@{where}"


def passwordless_address(settings: Settings, name: str, role: str | None = None) -> str:
    """Return the SQLAlchemy address of a database, with the name of a file in the password's place.

    So the address can be shown, logged and handed down in the environment.
    """
    role = role or name
    where = f"{settings.host}:{settings.postgresql_port}/{name}"
    return f"postgresql+psycopg://{role}@{where}?passfile={quote(str(_password_file(settings, role)), safe='/')}"


def _password_file(settings: Settings, role: str) -> Path:
    return secret_path(settings, f"postgresql_{role}.pgpass").resolve()


def superuser_address(settings: Settings, database: str = "postgres") -> str:
    """Return the address of a database for whoever may do everything, with the password."""
    secret = kept_secret(settings, "postgresql_superuser")
    return f"postgresql://{SUPERUSER}:{secret}@{settings.host}:{settings.postgresql_port}/{database}"


def ensure_role(settings: Settings, role: str) -> None:
    """Make a role that may sign in with its kept password, or give it that password again."""
    secret = kept_secret(settings, f"postgresql_{role}")
    with psycopg.connect(superuser_address(settings), autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        how = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}") if known else sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(how.format(sql.Identifier(role), sql.Literal(secret)))
    write_privately(_password_file(settings, role), f"*:*:*:{role}:{secret}\n")


def ensure_database(settings: Settings, name: str, owner: str | None = None) -> None:
    """Make a database and the role that owns it, by default of the same name; what is there is left as it is."""
    owner = owner or name
    ensure_role(settings, owner)
    with psycopg.connect(superuser_address(settings), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner))
            )


def run_as_superuser(settings: Settings, database: str, statements: str) -> None:
    """Run SQL of a trusted program of ours, several statements at once."""
    with psycopg.connect(superuser_address(settings, database), autocommit=True) as connection:
        connection.execute(statements.encode())
