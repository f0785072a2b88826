"""CKAN: which resource is taken, when it is not asked for, and its errors in its own words."""

import pytest

from connectors import ckan
from connectors.base import Validators
from connectors.problems import BadOptions, ConnectorProblem, SourceRefused, SourceUnavailable, UnexpectedAnswer
from tests.connectors.api.ckan_portal import CkanPortal, fail
from tests.connectors.api.conftest import Ask, Serve
from tests.connectors.api.served import Reply, json_reply
from tests.connectors.example_site import CONTENT

FILE = "/dataset/d/resource/r1/download/fichier.csv"


@pytest.fixture
def portal(serve: Serve[CkanPortal]) -> CkanPortal:
    return serve(CkanPortal())


def test_resource_of_an_id_is_taken(portal: CkanPortal, ask: Ask) -> None:
    fetched = ckan.fetch(ask(portal, resource="r1"))
    assert fetched.path is not None
    assert (fetched.path.read_bytes(), fetched.filename) == (CONTENT, "fichier.csv")
    assert portal.paths() == ["/api/action/resource_show", FILE]


def test_upload_that_the_portal_says_is_unchanged_is_not_asked_for(portal: CkanPortal, ask: Ask) -> None:
    first = ckan.fetch(ask(portal, resource="r1"))
    portal.asked.clear()
    again = ckan.fetch(ask(portal, first.validators, resource="r1"))
    assert (again.not_modified, again.validators) == (True, first.validators)
    assert portal.paths() == ["/api/action/resource_show"]


def test_link_elsewhere_is_asked_itself_whatever_the_portal_says(portal: CkanPortal, ask: Ask) -> None:
    portal.resources = [portal.resource("r1", url_type=None, last_modified="2025-01-02", path=portal.address + FILE)]
    first = ckan.fetch(ask(portal, resource="r1"))
    portal.files[FILE] = CONTENT + b"99999;nouveau\n"
    again = ckan.fetch(ask(portal, first.validators, resource="r1"))
    assert (again.not_modified, again.size) == (False, len(CONTENT) + 14)


def test_newest_resource_of_the_format_and_name_is_taken(portal: CkanPortal, ask: Ask) -> None:
    portal.resources += [
        portal.resource("r2", last_modified="2025-03-01T00:00:00", path=FILE),
        portal.resource("r3", last_modified="2025-04-01T00:00:00", format="PDF"),
        portal.resource("r4", last_modified="2025-05-01T00:00:00", name="Notice"),
    ]
    portal.files["/dataset/d/resource/r2/download/fichier.csv"] = CONTENT
    portal.resources[1]["path"] = "/dataset/d/resource/r2/download/fichier.csv"
    ckan.fetch(ask(portal, dataset="subventions", format="csv", name="Subventions*"))
    assert portal.paths()[-1] == "/dataset/d/resource/r2/download/fichier.csv"


def test_validators_of_one_file_are_not_shown_to_another(portal: CkanPortal, ask: Ask) -> None:
    first = ckan.fetch(ask(portal, dataset="subventions"))
    portal.resources.append(portal.resource("r2", last_modified="2025-03-01T00:00:00"))
    portal.files["/dataset/d/resource/r2/download/fichier.csv"] = CONTENT + b"1;x\n"
    again = ckan.fetch(ask(portal, first.validators, dataset="subventions"))
    assert not again.not_modified
    assert "If-None-Match" not in portal.asked[-1].headers


def test_resource_of_the_datastore_alone_is_dumped(portal: CkanPortal, ask: Ask) -> None:
    portal.resources = [portal.resource("r1", path="", datastore_active=True)]
    portal.files["/datastore/dump/r1"] = CONTENT
    fetched = ckan.fetch(ask(portal, resource="r1"))
    assert (fetched.filename, fetched.size) == ("r1.csv", len(CONTENT))


def test_resource_without_file_says_so(portal: CkanPortal, ask: Ask) -> None:
    portal.resources = [portal.resource("r1", path="")]
    with pytest.raises(SourceRefused, match="has no file"):
        ckan.fetch(ask(portal, resource="r1"))


def test_nothing_that_fits_names_what_was_wanted(portal: CkanPortal, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="no resource 'x\\* XLS' among 1"):
        ckan.fetch(ask(portal, dataset="subventions", format="XLS", name="x*"))


@pytest.mark.parametrize("url", ["http://[bad/x.csv", "http://example.org:99999999/x", "ftp://example.org/x.csv"])
def test_address_of_a_file_that_cannot_be_used_is_said(portal: CkanPortal, ask: Ask, url: str) -> None:
    portal.resources = [portal.resource("r1", url_type=None, path=url)]
    for act in (ckan.check, ckan.fetch):
        with pytest.raises(ConnectorProblem):
            act(ask(portal, secret="t0ken", auth="key", resource="r1"))


def test_error_is_told_in_ckan_s_own_words(portal: CkanPortal, ask: Ask) -> None:
    with pytest.raises(SourceRefused, match="Not found: Resource was not found") as caught:
        ckan.fetch(ask(portal, resource="absent"))
    assert "« Not found: Resource was not found. »" in caught.value.message_fr


def test_failure_with_status_200_is_no_success(portal: CkanPortal, ask: Ask) -> None:
    portal.instead = [fail("Search Error", "Search Error: no index", 200)]
    with pytest.raises(UnexpectedAnswer, match="no index"):
        ckan.fetch(ask(portal, resource="r1"))


@pytest.mark.parametrize(
    "reply", [Reply(b"<html>maintenance</html>"), json_reply([1]), json_reply({"success": True, "result": 3})]
)
def test_page_that_is_no_answer_of_ckan_is_said(portal: CkanPortal, ask: Ask, reply: Reply) -> None:
    portal.instead = [reply]
    with pytest.raises(UnexpectedAnswer):
        ckan.fetch(ask(portal, resource="r1"))


def test_outage_of_the_api_is_tried_again(portal: CkanPortal, ask: Ask) -> None:
    portal.instead = [Reply(b"", 503), Reply(b"", 429, {"Retry-After": "0"})]
    assert ckan.fetch(ask(portal, resource="r1")).attempts == 3
    portal.refusal = Reply(b"", 502)
    with pytest.raises(SourceUnavailable):
        ckan.fetch(ask(portal, resource="r1"))


def test_token_opens_a_private_dataset_and_stays_out_of_the_words(portal: CkanPortal, ask: Ask) -> None:
    portal.token = "t0ken"
    assert ckan.fetch(ask(portal, secret="t0ken", auth="key", resource="r1")).size == len(CONTENT)
    portal.refusal = fail("Authorization Error", "Access denied for t0ken", 403)
    with pytest.raises(SourceRefused, match="Access denied") as caught:
        ckan.fetch(ask(portal, secret="t0ken", auth="key", resource="r1"))
    assert "t0ken" not in str(caught.value) + caught.value.message_fr


def test_token_is_not_sent_to_another_host(portal: CkanPortal, serve: Serve[CkanPortal], ask: Ask) -> None:
    elsewhere = serve(CkanPortal())
    portal.token = "t0ken"
    portal.resources = [portal.resource("r1", url_type=None, path=elsewhere.address + FILE)]
    request = ask(portal, secret="t0ken", auth="key", resource="r1")
    rules = request.limits.egress.model_copy(update={"exceptions": (portal.endpoint, elsewhere.endpoint)})
    ckan.fetch(request.model_copy(update={"limits": request.limits.model_copy(update={"egress": rules})}))
    assert "Authorization" not in elsewhere.asked[0].headers


@pytest.mark.parametrize("options", [{}, {"resource": "a", "dataset": "b"}])
def test_one_of_resource_and_dataset_is_declared(portal: CkanPortal, ask: Ask, options: dict[str, str]) -> None:
    with pytest.raises(BadOptions, match="either resource or dataset"):
        ckan.fetch(ask(portal, Validators(), **options))


def test_check_names_the_file_without_taking_it(portal: CkanPortal, ask: Ask) -> None:
    checked = ckan.check(ask(portal, resource="r1"))
    assert (checked.filename, checked.size, checked.resumable) == ("fichier.csv", len(CONTENT), True)
