"""Connectors by name: the name of a module of this package is the name of its connector. There is no list to edit."""

import importlib
import pkgutil
from difflib import get_close_matches
from functools import cache
from types import ModuleType
from typing import cast

import connectors
from connectors.base import Connector, ConnectorOptions
from connectors.problems import UnknownConnector


def _is_connector(module: ModuleType) -> bool:
    options = getattr(module, "Options", None)
    is_model = isinstance(options, type) and issubclass(options, ConnectorOptions)
    return is_model and callable(getattr(module, "check", None)) and callable(getattr(module, "fetch", None))


@cache
def connector_names() -> tuple[str, ...]:
    """Every connector's name, sorted."""
    names = sorted(module.name for module in pkgutil.iter_modules(connectors.__path__))
    return tuple(name for name in names if _is_connector(importlib.import_module(f"connectors.{name}")))


def find_connector(name: str) -> Connector:
    """Return the connector of that name.

    Raises:
        UnknownConnector: with the nearest name, in case it was misspelt, and all those known.
    """
    known = connector_names()
    if name not in known:
        nearest = get_close_matches(name, known, n=1)
        raise UnknownConnector(name, known, nearest[0] if nearest else None)
    return cast(Connector, importlib.import_module(f"connectors.{name}"))
