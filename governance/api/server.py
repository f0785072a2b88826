"""The application as a server starts it: ``uvicorn governance.api.server:app --host … --port …``."""

from typing import Any

from governance.api.app import create_app
from governance.platform import open_platform
from governance.settings import load_settings


def __getattr__(name: str) -> Any:
    """Make ``app`` when it is asked for, so that importing this module reads no setting and opens nothing."""
    if name != "app":
        raise AttributeError(name)
    app = create_app(open_platform(load_settings()))
    globals()["app"] = app
    return app
