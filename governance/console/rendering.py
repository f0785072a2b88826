"""Pages from templates: one Jinja environment a language, undefined names are errors, every value is escaped."""

from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel

from governance.api.decision_words import DOORS, MASKS, duty_words, mask_words, purpose_words
from governance.console.entrance import FORM_FIELD, desk_of, form_token, is_known, person_of_request
from governance.console.languages import Language, Writing, load_translations
from governance.pipeline.impact_words import EFFECTS, LABELS
from governance.platform import Platform

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@lru_cache(maxsize=2)
def environment(language: Language) -> Environment:
    """Return the environment that writes in a language."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(load_translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(
        doors=DOORS, masks=MASKS, mask_words=mask_words, duty_words=duty_words, purpose_words=purpose_words
    )
    made.globals.update(effects=EFFECTS, labels=LABELS)
    writing = Writing(language)
    made.filters.update(
        number=writing.number, day=writing.day, instant=writing.instant, ago=writing.ago, schedule=writing.schedule
    )
    return made


def language_of_path(request: Request) -> Language:
    """Return the language that the first part of the address names."""
    return "en" if request.url.path.split("/")[1] == "en" else "fr"


def _other_address(request: Request, language: Language) -> str:
    """The same page in the other language."""
    other = "fr" if language == "en" else "en"
    rest = request.url.path.removeprefix(f"/{language}") or "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/{other}{rest}{query}"


def _json_address(request: Request) -> str:
    query = f"?{request.url.query}" if request.url.query else ""
    path = request.url.path
    return f"{path}index.json{query}" if path.endswith("/") else f"{path}.json{query}"


def sign_in_link(request: Request, language: Language, *, come_back: bool) -> str:
    """Return the address to sign in at, and come back from to this page."""
    query = f"?{request.url.query}" if request.url.query else ""
    to = f"{request.url.path}{query}" if come_back and request.method != "POST" else f"/{language}/"
    return f"/{language}/sign-in?to={quote(to, safe='/')}"


def _who(request: Request, language: Language, status: int) -> dict[str, Any]:
    """Who looks, and how to sign in or out: nothing of it where nobody can, or nobody could say."""
    platform: Platform = request.app.state.platform
    person = person_of_request(request)
    organisations = platform.federation.organisations
    can_sign_in = desk_of(request) is not None and is_known(request) and person is None
    return {
        "person": person,
        "organisations": [organisations[each].name for each in person.organisations] if person else [],
        "sign_in": sign_in_link(request, language, come_back=status in (200, 403)) if can_sign_in else None,
        "form_field": FORM_FIELD,
        "form_token": form_token(request),
    }


def render(request: Request, template: str, page: BaseModel, status: int = 200) -> Response:
    """Return a page as HTML, or as JSON where the address ends in ``.json``."""
    platform: Platform = request.app.state.platform
    # What depends on who looks stays in no cache, so that nobody comes back to it after them.
    kept = "no-store" if person_of_request(request) else "no-cache"
    if request.url.path.endswith(".json"):
        return JSONResponse(page.model_dump(mode="json"), status_code=status, headers={"Cache-Control": kept})
    language = language_of_path(request)
    values: dict[str, Any] = {
        "page": page,
        "language": language,
        "path": request.url.path.removeprefix(f"/{language}"),
        "head": platform.federation.head,
        "is_example": any(who.example for who in platform.federation.organisations.values()),
        "other_address": _other_address(request, language),
        "json_address": _json_address(request) if status == 200 and request.method != "POST" else None,
        "public": platform.settings.public_address,
        **_who(request, language, status),
    }
    text = environment(language).get_template(template).render(values)
    return HTMLResponse(text, status_code=status, headers={"Content-Language": language, "Cache-Control": kept})
