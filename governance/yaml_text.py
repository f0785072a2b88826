"""YAML read the safe way, in C where libyaml is there: declarations are read at the start of every task."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(text: str) -> Any:
    """Return what a YAML text says.

    Raises:
        yaml.YAMLError: it is not valid YAML.
    """
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - kept because both loaders are the safe one
