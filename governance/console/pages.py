"""The console's addresses: each page in French and English, and the same content as JSON beside it."""

import csv
import io
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.formparsers import MultiPartException
from starlette.staticfiles import StaticFiles

from governance.api.callers import CallerGate
from governance.api.feeds import FeedFormat, formats_at
from governance.api.problems import Problem, ProblemError
from governance.api.words import reason
from governance.console.dataset import DatasetPage, dataset_page
from governance.console.journal_page import JournalPage, journal_page
from governance.console.languages import LANGUAGES
from governance.console.mapping_page import NO_FORM, TOO_LARGE, MappingPage, empty_page, mapping_page
from governance.console.member import MemberPage, member_page
from governance.console.operations_routes import router as operations
from governance.console.overview import Overview, overview
from governance.console.policies_page import PoliciesPage, policies_page
from governance.console.reasons import ReasonList, ReasonPage, reason_list, reason_page
from governance.console.received_form import TooLarge, read_form
from governance.console.rendering import STATIC, language_of_path, render
from governance.console.row_report import RunPage, corrected_copy, faults_of, find_run, run_page
from governance.console.why import FormFault, WhyPage, read_question, why_page
from governance.intake.report_files import escape_formula

router = APIRouter(include_in_schema=False)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class PlainPage(BaseModel):
    """A page whose words are all in its template."""

    model_config = ConfigDict(frozen=True)

    name: str


def _add(path: str, template: str, read: Callable[..., BaseModel]) -> None:
    """Serve what `read` returns as a page at `path`, and as JSON at the same address with ``.json``."""

    def show(request: Request, page: Annotated[Any, Depends(read)]) -> Response:
        return render(request, template, page)

    beside = f"{path}index.json" if path.endswith("/") else f"{path}.json"
    router.add_api_route(beside, show, methods=["GET", "HEAD"])
    router.add_api_route(path, show, methods=["GET", "HEAD"])


def _officers_only(gate: CallerGate) -> None:
    """These pages show what other parties agreed. Until people can sign in they exist on this machine only."""
    if not gate.platform.settings.is_local:
        raise ProblemError(403, reason("sign_in_required"))


def _overview(gate: CallerGate) -> Overview:
    return overview(gate.platform)


def _member(gate: CallerGate, member_id: str) -> MemberPage:
    return member_page(gate, member_id)


def _run(request: Request, gate: CallerGate, run_id: str) -> RunPage:
    return run_page(gate, run_id, most=1_000_000 if request.url.path.endswith(".json") else 100)


def _dataset(gate: CallerGate, dataset: str) -> DatasetPage:
    return dataset_page(gate, dataset)


def _why(request: Request, gate: CallerGate, _: Annotated[None, Depends(_officers_only)]) -> WhyPage:
    return why_page(gate, read_question(request.query_params))


def _journal(request: Request, gate: CallerGate, _: Annotated[None, Depends(_officers_only)]) -> JournalPage:
    return journal_page(gate.platform, request.query_params)


def _policies(gate: CallerGate, _: Annotated[None, Depends(_officers_only)]) -> PoliciesPage:
    return policies_page(gate.platform)


def _mapping(gate: CallerGate, _: Annotated[None, Depends(_officers_only)]) -> MappingPage:
    return empty_page(gate)


def _reasons(gate: CallerGate) -> ReasonList:
    return reason_list(gate.platform)


def _reason(gate: CallerGate, code: str) -> ReasonPage:
    return reason_page(gate.platform, code)


class ApiPage(BaseModel):
    """How feeds are read by a program; its words are in the template, its formats in the API's own table."""

    model_config = ConfigDict(frozen=True)

    formats: tuple[FeedFormat, ...]


def _about() -> PlainPage:
    return PlainPage(name="about")


def _api() -> ApiPage:
    return ApiPage(formats=formats_at("/v1/feeds/{dataset}", has_geometry=True))


_add("/", "overview.html", _overview)
_add("/members/{member_id}", "member.html", _member)
_add("/runs/{run_id}", "run.html", _run)
_add("/datasets/{dataset}", "dataset.html", _dataset)
_add("/why", "why.html", _why)
_add("/journal", "journal.html", _journal)
_add("/policies", "policies.html", _policies)
_add("/mapping", "mapping.html", _mapping)
_add("/reasons", "reasons.html", _reasons)
_add("/reasons/{code}", "reason.html", _reason)
_add("/about", "about.html", _about)
_add("/api", "api.html", _api)
router.include_router(operations)


@router.post("/mapping")
@router.post("/mapping.json")
async def post_mapping(request: Request, gate: CallerGate, _: Annotated[None, Depends(_officers_only)]) -> Response:
    """Propose which header of the file handed in is which column; the file is not kept."""
    try:
        page = await run_in_threadpool(mapping_page, gate, await read_form(request))
    except MultiPartException as error:
        message = TOO_LARGE if isinstance(error, TooLarge) else NO_FORM
        page = empty_page(gate, {}, FormFault(field="file", message=message))
    return await run_in_threadpool(render, request, "mapping.html", page, 422 if page.faults else 200)


@router.get("/runs/{run_id}/errors.csv")
def get_errors(request: Request, gate: CallerGate, run_id: str) -> Response:
    """Every fault of a run as CSV for a spreadsheet: semicolons, a byte-order mark, formulas disarmed."""
    language = language_of_path(request)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["line", "column", "value", "rule", "severity", "message", "remedy", "correction"])
    for error, fault in faults_of(gate, find_run(gate.platform, run_id)):
        texts = (fault.message.text(language), fault.remedy.text(language))
        cells = (error.line, error.column, fault.value, error.rule, error.severity, *texts, fault.correction)
        writer.writerow([escape_formula(None if cell is None else str(cell)) for cell in cells])
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/runs/{run_id}/corrected.xlsx")
def get_corrected_copy(request: Request, gate: CallerGate, run_id: str) -> Response:
    """The file of a run as a workbook, its wrong cells marked and commented, certain values filled in."""
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.xlsx"'}
    return Response(corrected_copy(gate, run_id, language_of_path(request)), media_type=_XLSX, headers=headers)


def _show_problem(request: Request, problem: Problem) -> Response:
    return render(request, "problem.html", problem, problem.status)


def mount(app: FastAPI) -> None:
    """Add the console to the application: pages, style sheet, and the page that shows a problem."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for language in LANGUAGES:
        app.include_router(router, prefix=f"/{language}")
    app.state.show_problem = _show_problem

    @app.get("/", include_in_schema=False)
    def go_home() -> Response:
        return RedirectResponse("/fr/", status_code=307)
