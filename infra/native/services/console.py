"""The API, the console and the file catalogue: one process."""

import json

from governance.api.server import server_command
from governance.settings import Settings
from infra.native.service import Service, answers_at

SECRETS = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
"""Inherited or read from the state folder: a dump of the settings would only hand on the stars that hide them."""


def platform_environment(settings: Settings) -> dict[str, str]:
    """Return this process's settings as the environment of the services, so that all agree."""
    values = settings.model_dump(exclude_none=True, mode="json", exclude=SECRETS)
    return {
        f"ARCHIPEL_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


CONSOLE = Service(
    name="console",
    command=server_command,
    port="console_port",
    is_ready=answers_at("console_port", "/health/live"),
    needs=("postgresql",),
    environment=platform_environment,
)
