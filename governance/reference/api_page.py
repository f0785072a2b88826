"""Every address of the web application: the API by its OpenAPI document, the console's pages by their routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from governance.api import (
    engine_routes,
    feed_routes,
    identifier_routes,
    metrics_routes,
    ogc_routes,
    service_routes,
)
from governance.api.formats import FORMATS
from governance.api.openapi import described
from governance.console.pages import router as console
from governance.reference.markdown import code, page, table


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document of the routes alone: the whole application would open a platform."""
    app = FastAPI(title="Archipel")
    app.include_router(feed_routes.router)
    app.include_router(ogc_routes.router)
    app.include_router(service_routes.router)
    return described(app)


def _operation(path: str, method: str, said: dict[str, Any]) -> str:
    rows = [
        (code(each["name"]), each["in"], "yes" if each.get("required") else "", each.get("description", ""))
        for each in said.get("parameters", [])
    ]
    answers = ", ".join(code(status) for status in said["responses"])
    parts = [f"## `{method.upper()} {path}`", said.get("description", said.get("summary", ""))]
    parts += [table(("parameter", "in", "required", "is"), rows).strip()] if rows else []
    return "\n\n".join([*parts, f"Answers: {answers}."])


def api_page() -> str:
    """Return ``api.md``."""
    operations = [
        _operation(path, method, said)
        for path, methods in openapi()["paths"].items()
        for method, said in methods.items()
    ]
    beside = [
        (code(route.path), route.description.splitlines()[0])
        for router in (service_routes.router, identifier_routes.router, engine_routes.router, metrics_routes.router)
        for route in router.routes
        if isinstance(route, APIRoute) and not route.include_in_schema
    ]
    pages = sorted({route.path for route in console.routes if isinstance(route, APIRoute)})
    words = (
        "A running platform tells the same at `/v1/openapi.json`, from which a client can be generated. A refusal is a "
        "Problem (RFC 9457) whose `reasons` are [explained](../reasons/README.md). How to: "
        "[read a feed](../howto/read-a-feed.md). Catalogue files lie under `/catalogue/`: [catalogue](catalogue.md)."
    )
    formats = [(code(known.name), code(known.media_type), known.said_en) for known in FORMATS]
    console_words = "Under `/fr` and `/en`; with `.json` the same as JSON."
    return page(
        "API and pages", words, *operations,
        "## Formats of a feed\n\nBy `format=` or by `Accept`; all but Parquet are compressed by `Accept-Encoding` "
        "(gzip, zstd).\n\n" + table(("format", "media type", "is"), formats),
        "## Other addresses\n\n" + table(("address", "is"), beside),
        f"## Pages of the console\n\n{console_words}\n\n" + "\n".join(f"- {code(path)}" for path in pages),
    )  # fmt: skip
