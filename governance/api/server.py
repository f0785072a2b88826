"""The application as a server starts it: ``governance.api.server:app``, by `server_command`."""

import sys
from typing import Any

from governance.settings import Settings, load_settings


def server_command(settings: Settings) -> tuple[str, ...]:
    """Return the command that serves console, catalogue and feeds; it takes its settings from the environment.

    Granian because it hands a whole file to the system to send, which a server in Python must copy itself.
    """
    return (
        sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws", "--host", settings.host,
        "--port", str(settings.console_port), "--log-level", "warning", "governance.api.server:app",
    )  # fmt: skip


def __getattr__(name: str) -> Any:
    """Make ``app`` when it is asked for, so that importing this module reads no setting and opens nothing."""
    if name != "app":
        raise AttributeError(name)
    # Here because whoever only wants the command should not wait for all that the application imports.
    from governance.api.app import create_app
    from governance.platform import open_platform
    from governance.telemetry.set_up import set_up_telemetry

    settings = load_settings()
    set_up_telemetry(settings, "archipel-console")
    app = create_app(open_platform(settings))
    globals()["app"] = app
    return app
