"""CKAN that fails now and then, and CKAN without one of the services that it stands on: resumed or told, never half."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest

from governance.catalogue.ckan.account import CkanRefused
from tests.services.portal import Portal
from tests.services.stack import Stack
from tests.services.test_reconciliation import ALL_OPEN

pytestmark = pytest.mark.services


def _assert_whole(portal: Portal) -> None:
    assert sorted(each["name"] for each in portal.everything()) == sorted(ALL_OPEN)
    assert all(len(portal.show(name)["resources"]) == 4 for name in ALL_OPEN)
    assert portal.publish().unchanged == ALL_OPEN
    assert portal.wire.written() == []


def test_a_ckan_that_fails_each_third_call_is_published_to_all_the_same(portal: Portal) -> None:
    number = count(1)
    portal.wire.fails = lambda _call: next(number) % 3 == 0
    assert sorted(portal.publish().created) == sorted(ALL_OPEN)
    portal.wire.fails = lambda _call: False
    _assert_whole(portal)


def test_a_ckan_that_fails_always_is_told_with_what_was_asked_of_it(portal: Portal) -> None:
    portal.wire.fails = lambda call: call.action == "package_create"
    with pytest.raises(CkanRefused, match=r"package_create.*500"):
        portal.publish()
    portal.wire.fails = lambda _call: False
    portal.publish()
    _assert_whole(portal)


@contextmanager
def _stopped(stack: Stack, service: str) -> Iterator[None]:
    stack.control.stopProcess(service)
    try:
        yield
    finally:
        stack.control.startProcess(service)


@pytest.mark.parametrize("service", ["solr", "redis", "postgresql"])
def test_without_a_service_of_its_own_ckan_refuses_and_nothing_is_lost(
    stack: Stack, portal: Portal, service: str
) -> None:
    portal.publish()
    portal.world.decisions.closed.add(("equipements", "donges"))
    with _stopped(stack, service):
        try:
            portal.publish()
        except CkanRefused as refused:
            told = str(refused)
            assert portal.wire.address in told
            assert "Traceback" not in told
    portal.world.decisions.closed.clear()
    _publish_when_it_answers(portal)
    _assert_whole(portal)


def _publish_when_it_answers(portal: Portal) -> None:
    for _ in range(30):
        try:
            portal.publish()
        except CkanRefused:
            time.sleep(1)
        else:
            return
    portal.publish()
