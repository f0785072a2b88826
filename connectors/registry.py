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
def _module_names() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(connectors.__path__)))


@cache
def connector_names() -> tuple[str, ...]:
    """Every connector's name, sorted."""
    return tuple(name for name in _module_names() if _import(name) is not None)


@cache
def _import(name: str) -> Connector | None:
    """Import the one that is asked for and no other: some bring a whole client library along."""
    if name not in _module_names():
        return None
    module = importlib.import_module(f"connectors.{name}")
    return cast(Connector, module) if _is_connector(module) else None


def find_connector(name: str) -> Connector:
    """Return the connector of that name.

    Raises:
        UnknownConnector: with the nearest name, in case it was misspelt, and all those known.
    """
    found = _import(name)
    if found is None:
        known = connector_names()
        nearest = get_close_matches(name, known, n=1)
        raise UnknownConnector(name, known, nearest[0] if nearest else None)
    return found


def is_nearby(name: str) -> bool:
    """Tell whether a connector reads disks of this machine and asks nobody; one that does says ``NEARBY = True``."""
    return bool(getattr(_import(name), "NEARBY", False))
