"""A person says on the page of a held file that its rows are really gone; the journal knows who, and it is taken."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from governance.api.app import create_app
from governance.journal.model import Search
from governance.pipeline.confirm import find_held
from tests.api.small_platform import InProcess
from tests.pipeline.conftest import World, make_world, place

KEY = ("donges", "lieux_covoiturage")


@pytest.fixture
def held(tmp_path: Path) -> World:
    world = make_world(tmp_path)
    world.write("trignac", place(1, "44210"))
    world.hold()
    return world


def test_page_says_what_a_confirmation_does_and_does_it_once(held: World) -> None:
    app, run_id = InProcess(create_app(held.platform)), find_held(held.platform, *KEY).receipt.run_id
    page = app.get(f"/fr/runs/{run_id}").text
    assert "Ces lignes ont-elles vraiment disparu ?" in page
    assert ">20</span>" in page and ">2</span>" in page
    form = {"form_token": re.findall(r'name="form_token" value="([0-9a-f]+)"', page)[0]}
    files = {"nothing": ("", b"")}
    done = app.ask("POST", f"/fr/runs/{run_id}/confirm", data=form, files=files)
    assert (done.status_code, done.headers["location"]) == (303, "/fr/members/donges")
    assert held.accepted("donges") == 2
    (entry,) = held.platform.journal.search(Search(kind="confirmation"))
    assert held.platform.journal.identity_of(entry.subject or "") == "console"
    assert "Ces lignes ont-elles" not in app.get(f"/fr/runs/{run_id}").text
    again = app.ask("POST", f"/fr/runs/{run_id}/confirm", data=form, files=files)
    assert again.status_code == 404 and "attend plus de confirmation" in again.text


def test_question_is_put_to_nobody_whose_answer_does_not_count(held: World) -> None:
    settings = held.platform.settings.model_copy(update={"public_url": "https://donnees.federation.example"})
    app = InProcess(create_app(replace(held.platform, settings=settings)))
    run_id = find_held(held.platform, *KEY).receipt.run_id
    page = app.get(f"/fr/runs/{run_id}")
    assert page.status_code == 200
    assert "/confirm" not in page.text
    assert app.get(f"/fr/runs/{run_id}.json").json()["held"] is None


def test_form_of_another_site_confirms_nothing(held: World) -> None:
    app, run_id = InProcess(create_app(held.platform)), find_held(held.platform, *KEY).receipt.run_id
    answer = app.ask("POST", f"/fr/runs/{run_id}/confirm", data={"form_token": "00"}, files={"nothing": ("", b"")})
    assert answer.status_code == 403
    assert held.accepted("donges") == 20 and held.platform.journal.search(Search(kind="confirmation")) == []
