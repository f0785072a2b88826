"""A Redis of our own, with a password: queues and sessions of CKAN, and the task queue where Airflow has one."""

from governance.kept_secrets import kept_secret, write_privately
from governance.settings import Settings
from infra.native.programs import find_program
from infra.native.service import Say, Service, folder_of, says


def redis_address(settings: Settings, number: int) -> str:
    """Return the address of one of its numbered databases, with the password."""
    return f"redis://:{kept_secret(settings, 'redis')}@{settings.host}:{settings.redis_port}/{number}"


def _obtain(_settings: Settings, _say: Say) -> None:
    find_program("redis-server", "redis-server")


def _configure(settings: Settings, _say: Say) -> None:
    folder = folder_of(settings, "redis")
    lines = {
        "bind": settings.host,
        "port": str(settings.redis_port),
        "dir": f'"{folder}"',
        "requirepass": kept_secret(settings, "redis"),
        "appendonly": "yes",
        "save": '""',
        "daemonize": "no",
    }
    # The password stands in a file that the owner alone reads, not on a command line that everybody sees.
    write_privately(folder / "redis.conf", "".join(f"{key} {value}\n" for key, value in lines.items()))


def _command(settings: Settings) -> tuple[str, ...]:
    return (str(find_program("redis-server", "redis-server")), str(folder_of(settings, "redis") / "redis.conf"))


REDIS = Service(
    name="redis",
    command=_command,
    port="redis_port",
    # Whether it asks for the password or answers, it is up.
    is_ready=says("redis_port", b"PING\r\n", b"-NOAUTH"),
    obtain=_obtain,
    configure=_configure,
)
