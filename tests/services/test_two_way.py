"""Two organisations of a real CKAN beside ours: what came from us is known, what is there twice is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from ckanapi import RemoteCKAN

from connectors import dcat
from connectors.base import EgressRules, FetchRequest, Limits
from governance.catalogue.already_there import AlreadyThere, Compared
from governance.catalogue.file_catalogue import FileCatalogue
from tests.catalogue.world import PUBLIC
from tests.services.portal import Portal

pytestmark = pytest.mark.services
PAGE, SUM = "https://voisine.example/pistes", "a" * 40


def _dataset(editor: RemoteCKAN, organisation: str, name: str, page: str, checksum: str) -> None:
    file = {
        "url": f"https://{organisation}.example/{name}.csv",
        "name": name,
        "format": "CSV",
        "hash": checksum,
        "hash_algorithm": "http://spdx.org/rdf/terms#checksumAlgorithm_sha1",
    }
    fields: dict[str, Any] = {"title": name, "notes": name, "url": page, "owner_org": organisation}
    editor.call_action("package_create", {"name": name, **fields, "resources": [file]})


def _compare(portal: Portal, known: AlreadyThere, query: str, into: Path) -> list[Compared]:
    place = portal.address.removeprefix("http://")
    limits = Limits(timeout_seconds=60, attempts=1, egress=EgressRules(exceptions=(place,)))
    address = f"{portal.address}/catalog.ttl{query}"
    fetched = dcat.fetch(FetchRequest(options={"url": address}, into=into, limits=limits))
    assert fetched.path is not None
    lines = fetched.path.read_text("utf-8").splitlines()
    return [known.compare(address, json.loads(line)) for line in lines]


def test_ours_come_back_and_doubles_of_two_organisations_are_told_apart(portal: Portal, tmp_path: Path) -> None:
    portal.publish()
    for name in ("voisine", "region"):
        portal.editor.call_action("organization_create", {"name": name, "title": name})
    try:
        _dataset(portal.editor, "voisine", "pistes", PAGE, SUM)
        _dataset(portal.editor, "region", "pistes-region", PAGE, "b" * 40)
        _dataset(portal.editor, "region", "pistes-copie", "https://region.example/copie", SUM)
        _dataset(portal.editor, "region", "autre", "https://region.example/autre", "c" * 40)
        known = AlreadyThere(portal.world.federation, FileCatalogue(portal.world.catalogue).read_index(), PUBLIC)
        voisine = _compare(portal, known, "?fq=organization:voisine", tmp_path / "1")
        assert [each.kind for each in voisine] == ["new"]
        region = {each.title: each for each in _compare(portal, known, "?fq=organization:region", tmp_path / "2")}
        assert {title: each.kind for title, each in region.items()} == {
            "pistes-region": "same_landing_page", "pistes-copie": "same_content", "autre": "new",
        }  # fmt: skip
        assert {region[name].like for name in ("pistes-region", "pistes-copie")} == {voisine[0].uri}
        again = {each.title: each.kind for each in _compare(portal, known, "", tmp_path / "3")}
        assert [again[name] for name in ("pistes", "autre")] == ["same_identifier", "same_identifier"]
        ours = [title for title, kind in again.items() if kind == "ours"]
        assert len(ours) == 3
        assert all("equipements" in title for title in ours)
    finally:
        portal.empty()
        for name in ("voisine", "region"):
            portal.editor.call_action("organization_purge", {"id": name})
