"""Feeds over versions that the real steps make: what changed is told, and what a person deleted comes back nowhere."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from governance.api.app import create_app
from governance.decisions.opa import OpaDecisionPoint
from governance.pipeline.delete import delete_source, find_deletable
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise
from governance.pipeline.publish import publish
from tests.api.small_platform import InProcess
from tests.pipeline.conftest import World, place

pytestmark = pytest.mark.services
FEED = "/v1/feeds/lieux_covoiturage"


def test_a_copy_is_kept_in_step_through_the_real_steps(world: World) -> None:
    world.write("donges", place(1), place(2), place(3))
    world.write("trignac", place(1, "44210"))
    world.harvest()
    first = harmonise(world.platform)
    with with_policy_engine(world.platform.settings) as settings:
        platform = replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings))
        publish(platform)
        client = InProcess(create_app(platform))

        def get(**params: str) -> httpx.Response:
            answer = client.get(FEED, params=params)
            assert answer.status_code == 200, answer.text
            return answer

        whole = get()
        assert whole.headers["archipel-data-version"] == first.version
        copy: dict[str, Any] = {row["id_local"]: row["nom_lieu"] for row in whole.json()}
        assert len(copy) == 4

        world.write("donges", place(1), place(2, name="Autre nom"), place(4))
        world.harvest()
        second = harmonise(world.platform)
        assert second.version != first.version
        told = get(since=whole.headers["archipel-next-since"])
        kinds = [(row["_change_type"], row["id_local"]) for row in told.json()]
        assert kinds == [("delete", "44052-C-003"), ("upsert", "44052-C-002"), ("upsert", "44052-C-004")]
        for row in told.json():
            copy.pop(row["id_local"], None)
            if row["_change_type"] == "upsert":
                copy[row["id_local"]] = row["nom_lieu"]
        assert copy == {row["id_local"]: row["nom_lieu"] for row in get().json()}
        assert get(at=first.version).json() == whole.json()
        assert len(get(at=first.version, format="geojson").json()["features"]) == 4

        gone = world.declare("trignac")
        path = gone.platform.settings.federation_dir / "members" / "trignac.yaml"
        path.write_text(path.read_text(encoding="utf-8").partition("sources:")[0] + "sources: []\n", encoding="utf-8")
        gone = gone.declare("donges")
        harmonise(gone.platform)
        assert len(get(at=first.version).json()) == 4, "what is only gone was given then, and is given still"
        delete_source(gone.platform, find_deletable(gone.platform, "trignac", "lieux_covoiturage"), "officer")
        assert {row["member_id"] for row in get(at=first.version).json()} == {"donges"}
        assert get(at=first.version, count="true").json()["count"] == 3
