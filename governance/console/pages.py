"""The console's addresses: each page in French and English, and the same content as JSON beside it."""

import csv
import io

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from governance.api.callers import CallerGate
from governance.api.feeds import FeedFormat, formats_at
from governance.api.problems import Problem
from governance.console import sign_in_routes
from governance.console.dataset import DatasetPage, dataset_page
from governance.console.entrance import enter, may_act_here, person_of_request, require_own_form
from governance.console.external_routes import router as external
from governance.console.hand_in_routes import router as hand_in
from governance.console.held_routes import router as held
from governance.console.journal_page import JournalPage, journal_page
from governance.console.languages import LANGUAGES
from governance.console.mapping_page import TOO_LARGE, MappingPage, empty_page, mapping_page
from governance.console.member import MemberPage, member_page
from governance.console.operations_routes import router as operations
from governance.console.overview import Overview, overview
from governance.console.page_addresses import add_page
from governance.console.policies_routes import router as policies
from governance.console.reasons import ReasonList, ReasonPage, reason_list, reason_page
from governance.console.received_form import TooLarge, read_form
from governance.console.rendering import STATIC, XLSX, language_of_path, render, sign_in_link
from governance.console.row_report import ERRORS_PER_GROUP, RunPage, corrected_copy, faults_of, find_run, run_page
from governance.console.shown import Shown
from governance.console.why import FormFault, WhyPage, read_question, why_page
from governance.intake.report_files import escape_formula

router = APIRouter(include_in_schema=False)
_ERROR_HEADS = {
    "fr": ("ligne", "colonne", "valeur", "règle", "gravité", "message", "remède", "correction"),
    "en": ("line", "column", "value", "rule", "severity", "message", "remedy", "correction"),
}
_SEVERITIES = {
    "fr": {"blocks": "bloque", "improves": "à améliorer"},
    "en": {"blocks": "blocks", "improves": "improves"},
}


class PlainPage(Shown):
    """A page whose words are all in its template."""

    name: str


def _overview(gate: CallerGate) -> Overview:
    return overview(gate.platform)


def _member(request: Request, gate: CallerGate, member_id: str) -> MemberPage:
    return member_page(gate, member_id, person_of_request(request))


def _run(request: Request, gate: CallerGate, run_id: str) -> RunPage:
    most = 1_000_000 if request.url.path.endswith(".json") else ERRORS_PER_GROUP
    page = run_page(gate, run_id, person_of_request(request), most)
    # The question is put to those alone whose answer counts.
    return page if may_act_here(request, page.member_id) else page.model_copy(update={"held": None})


def _dataset(gate: CallerGate, dataset: str) -> DatasetPage:
    return dataset_page(gate, dataset)


def _why(request: Request, gate: CallerGate) -> WhyPage:
    return why_page(gate, read_question(request.query_params))


def _journal(request: Request, gate: CallerGate) -> JournalPage:
    return journal_page(gate.platform, request.query_params)


def _mapping(request: Request, gate: CallerGate) -> MappingPage:
    return empty_page(gate, dict(request.query_params))


def _reasons(gate: CallerGate) -> ReasonList:
    return reason_list(gate.platform)


def _reason(gate: CallerGate, code: str) -> ReasonPage:
    return reason_page(gate.platform, code)


class ApiPage(Shown):
    """How feeds are read by a program; its words are in the template, its formats in the API's own table."""

    formats: tuple[FeedFormat, ...]


def _about() -> PlainPage:
    return PlainPage(name="about")


def _api() -> ApiPage:
    return ApiPage(formats=formats_at("/v1/feeds/{dataset}", has_geometry=True))


add_page(router, "/", "overview.html", _overview)
add_page(router, "/members/{member_id}", "member.html", _member)
add_page(router, "/runs/{run_id}", "run.html", _run)
add_page(router, "/datasets/{dataset}", "dataset.html", _dataset)
add_page(router, "/why", "why.html", _why)
add_page(router, "/journal", "journal.html", _journal)
add_page(router, "/mapping", "mapping.html", _mapping)
add_page(router, "/reasons", "reasons.html", _reasons)
add_page(router, "/reasons/{code}", "reason.html", _reason)
add_page(router, "/about", "about.html", _about)
add_page(router, "/api", "api.html", _api)
router.include_router(policies)
router.include_router(operations)
router.include_router(hand_in)
router.include_router(held)
router.include_router(external)


@router.post("/mapping")
@router.post("/mapping.json")
async def post_mapping(request: Request, gate: CallerGate) -> Response:
    """Propose which header of the file handed in is which column; the file is not kept."""
    try:
        form = await read_form(request)
        require_own_form(request, form.fields)
        page = await run_in_threadpool(mapping_page, gate, form)
    except TooLarge:
        page = empty_page(gate, {}, FormFault(field="file", message=TOO_LARGE))
    return await run_in_threadpool(render, request, "mapping.html", page, 422 if page.faults else 200)


@router.get("/runs/{run_id}/errors.csv")
def get_errors(request: Request, gate: CallerGate, run_id: str) -> Response:
    """Every fault of a run as CSV for a spreadsheet: semicolons, a byte-order mark, formulas disarmed."""
    language = language_of_path(request)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_ERROR_HEADS[language])
    for error, fault in faults_of(gate, find_run(gate.platform, run_id), person_of_request(request)):
        texts = (fault.message.text(language), fault.remedy.text(language))
        severity = _SEVERITIES[language][error.severity]
        cells = (error.line, error.column, fault.value, error.rule, severity, *texts, fault.correction)
        writer.writerow([escape_formula(None if cell is None else str(cell)) for cell in cells])
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.csv"', "Cache-Control": "no-store"}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/runs/{run_id}/corrected.xlsx")
def get_corrected_copy(request: Request, gate: CallerGate, run_id: str) -> Response:
    """The file of a run as a workbook, its wrong cells marked and commented, certain values filled in."""
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.xlsx"', "Cache-Control": "no-store"}
    copy = corrected_copy(gate, run_id, language_of_path(request), person_of_request(request))
    return Response(copy, media_type=XLSX, headers=headers)


def _show_problem(request: Request, problem: Problem) -> Response:
    if problem.status == 401 and request.method in ("GET", "HEAD"):
        address = sign_in_link(request, language_of_path(request), come_back=True)
        return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
    return render(request, "problem.html", problem, problem.status)


def mount(app: FastAPI) -> None:
    """Add the console to the application: pages, style sheet, and the page that shows a problem."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for language in LANGUAGES:
        for each in (router, sign_in_routes.pages):
            app.include_router(each, prefix=f"/{language}", dependencies=[Depends(enter)])
    app.include_router(sign_in_routes.router)
    app.state.show_problem = _show_problem

    @app.get("/", include_in_schema=False)
    def go_home() -> Response:
        return RedirectResponse("/fr/", status_code=307)
