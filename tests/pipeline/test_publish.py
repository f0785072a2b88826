"""Publication: the catalogue follows the decisions, and the journal says which ones it rests on."""

from dataclasses import replace

from governance.decisions.opa import OpaDecisionPoint
from governance.journal.model import Search
from governance.pipeline.engine import with_policy_engine
from governance.pipeline.harmonise import harmonise
from governance.pipeline.opened import opened_datasets, published_version
from governance.pipeline.publish import publish
from governance.shared_layer import read_current
from tests.pipeline.conftest import World, place


def test_what_is_open_is_published_once_and_every_decision_is_journalled(world: World) -> None:
    world.write("donges", place(1), place(2))
    world.harvest()
    harmonise(world.platform)
    with with_policy_engine(world.platform.settings) as settings:
        platform = replace(world.platform, settings=settings, pdp=OpaDecisionPoint.from_settings(settings))
        first = publish(platform)
        assert "lieux_covoiturage" in first.open_datasets
        assert "consommation_energie" not in first.open_datasets
        assert "signalements" not in first.open_datasets
        assert opened_datasets(settings) == first.open_datasets
        current = read_current(platform.lake)
        assert current is not None
        assert published_version(settings) == current.version

        entries = platform.journal.search(Search())
        decided = {entry.target for entry in entries if entry.kind == "decision"}
        assert {"lieux_covoiturage", "consommation_energie"} <= decided
        assert [entry.kind for entry in entries].count("publication") == 1
        assert "policy_change" in {entry.kind for entry in entries}

        before = world.files()
        again = publish(platform)
        assert again.counts() == {"created": 0, "updated": 0, "archived": 0, "unchanged": len(first.result.created)}
        assert world.files() == before
        decisions = [entry for entry in entries if entry.kind == "decision"]
        assert platform.journal.search(Search(kind="decision")) == decisions
        confirmed, published = platform.journal.search(Search(kind="publication"))
        assert published.fields["created"]
        assert confirmed.fields["unchanged"] is True
        assert len(confirmed.fields["engine_decisions"]) == len(decisions)
    assert world.platform.journal.verify() is None
