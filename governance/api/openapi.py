"""The OpenAPI documents: the framework's, without what never happens here, and as 3.0 for those who need that."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from governance.api.problems import MEDIA_TYPE

_NEVER = "422"
"""The framework's own answer to a parameter that it cannot read; ours is a 400, as a Problem."""


def described(app: FastAPI) -> dict[str, Any]:
    """Return an application's OpenAPI 3.1 document."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        servers=app.servers,
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop(_NEVER, None)
            for response in operation["responses"].values():
                _name_problem(response.get("content", {}))
            if "security" in operation:
                # What is open needs no token, which the framework cannot say.
                operation["security"].insert(0, {})
    for unused in ("HTTPValidationError", "ValidationError"):
        document.get("components", {}).get("schemas", {}).pop(unused, None)
    return document


def _name_problem(content: dict[str, Any]) -> None:
    """Put a Problem under its own media type: the framework writes a model under that of JSON alone."""
    if MEDIA_TYPE in content:
        content[MEDIA_TYPE] = content.pop("application/json", content[MEDIA_TYPE])


def as_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of 3.1 as one of 3.0.3; only for what our models make, not for any document."""
    older = _older(document)
    assert isinstance(older, dict)
    return {**older, "openapi": "3.0.3"}


def _older(node: Any) -> Any:
    if isinstance(node, list):
        return [_older(part) for part in node]
    if not isinstance(node, dict):
        return node
    made = {name: _older(value) for name, value in node.items()}
    if "const" in made:
        made["enum"] = [made.pop("const")]
    if isinstance(made.get("examples"), list):
        made["example"] = made.pop("examples")[0]
    if isinstance(made.get("anyOf"), list) and {"type": "null"} in made["anyOf"]:
        others = [part for part in made.pop("anyOf") if part != {"type": "null"}]
        made |= others[0] if len(others) == 1 and "$ref" not in others[0] else {"anyOf": others}
        made["nullable"] = True
    return made
