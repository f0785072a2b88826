"""Every connector: what it is for and the options of a source that uses it."""

import inspect
import sys
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic_core import PydanticUndefined

from connectors.registry import connector_names, find_connector
from governance.reference.markdown import code, page, table


def _default(field: Any) -> str:
    return "required" if field.is_required() else code(field.default if field.default is not PydanticUndefined else "")


def _type(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin in (Union, UnionType):
        return " | ".join(_type(part) for part in parts)
    if annotation is NoneType:
        return "None"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _section(name: str) -> str:
    options = find_connector(name).Options
    rows = [
        (code(field_name), field.title or "", code(_type(field.annotation)), _default(field), field.description or "")
        for field_name, field in options.model_fields.items()
    ]
    said = inspect.getdoc(sys.modules[options.__module__]) or ""
    return f"## `{name}`\n\n{said}\n\n" + table(("option", "en français", "type", "default", "is"), rows)


def connectors_page() -> str:
    """Return ``connectors.md``."""
    words = (
        "How a source is fetched. Retries, time-outs, size caps, conditional requests and the egress guard are the "
        "same for all. A new one: [add a connector](../howto/add-a-connector.md)."
    )
    return page("Connectors", words, *(_section(name) for name in connector_names()))
