"""A quota is the agreement's: counted for it alone, told in each answer, and a 429 with words when it is used up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import yaml

from governance.api.problems import ProblemError
from governance.api.quotas import Quotas
from governance.decisions.agreements import Quota
from tests.api.small_platform import AGREEMENTS, Running, served
from tests.decisions.engine import free_port

ENERGY = "/v1/feeds/consommation_energie"
RESEARCH = {"purpose": "dpv:ResearchAndDevelopment"}


class Clock:
    """Time that passes when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_window_ends_and_another_begins(tmp_path: Path) -> None:
    clock = Clock()
    quotas = Quotas(tmp_path, Quota(requests=2, seconds=60), clock)
    first, second = quotas.take("one"), quotas.take("one")
    assert first and second and (first.remaining, second.remaining) == (1, 0)
    clock.now += 59.5
    with pytest.raises(ProblemError) as refused:
        quotas.take("one")
    assert refused.value.headers == {
        "RateLimit-Policy": '"agreement";q=2;w=60', "RateLimit": '"agreement";r=0;t=1', "Retry-After": "1",
    }  # fmt: skip
    assert quotas.take("another") is not None
    clock.now += 0.5
    assert quotas.take("one") is not None
    assert quotas.take(None) is None


def test_the_agreements_own_quota_counts_from_its_declaration(tmp_path: Path) -> None:
    (tmp_path / "agreements").mkdir()
    path = tmp_path / "agreements" / "exemple-startup.yaml"
    quotas = Quotas(tmp_path, Quota(requests=500))
    path.write_text(yaml.safe_dump({**AGREEMENTS[0], "quota": {"requests": 3, "seconds": 10}}), encoding="utf-8")
    allowed = quotas.take("exemple-startup")
    assert allowed and allowed.headers["RateLimit-Policy"] == '"agreement";q=3;w=10'
    path.write_text("spoiled: [", encoding="utf-8")
    again = quotas.take("exemple-startup")
    assert again and again.quota.requests == 500


@pytest.fixture(scope="module")
def limited(running: Running) -> Iterator[str]:
    settings = running.platform.settings.model_copy(
        update={"console_port": free_port(), "feed_quota_requests": 3, "feed_quota_seconds": 3600}
    )
    with served(replace(running.platform, settings=settings)) as url:
        yield url


@pytest.mark.services
def test_who_asks_too_often_is_told_when_to_come_again(running: Running, limited: str) -> None:
    headers = {"Authorization": f"Bearer {running.token('exemple-startup')}"}
    with httpx.Client(base_url=limited, headers=headers) as client:
        answers = [client.get(ENERGY, params={**RESEARCH, "limit": "1"}) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
        over = answers[3]
        assert over.headers["content-type"] == "application/problem+json"
        assert over.json()["reasons"][0]["code"] == "quota_exceeded"
        assert 0 < int(over.headers["retry-after"]) <= 3600
        assert running.platform.journal.search()[0].fields["outcome"] == "over_quota"
        # What is open is read under no agreement.
        open_feed = client.get("/v1/feeds/lieux")
        assert open_feed.status_code == 200 and "ratelimit" not in open_feed.headers
