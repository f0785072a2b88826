"""The declarations fit the files: fetched over HTTP and read as declared, only the spoiled rows are refused."""

import hashlib
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from connectors import upload
from connectors.base import EgressRules, FetchRequest, Limits, Validators
from connectors.problems import SourceUnavailable
from connectors.registry import find_connector
from governance.contracts.odcs import load_contracts
from governance.federation import Federation, Source, load_federation
from governance.intake.examine import examine
from governance.intake.landing import land
from governance.intake.model import ReceivedFile
from governance.lake import Lake
from governance.settings import PROJECT_ROOT
from infra.native.example_clerk import BOXES
from infra.town_halls.generate import Written, generate
from infra.town_halls.serve import Sites

ROOT = PROJECT_ROOT / "federation"
DOWN = "besne"


@dataclass(frozen=True)
class Running:
    """The sites, up, with what was written there and the declarations that point at them."""

    server: Sites
    folder: Path
    written: dict[str, Written]
    federation: Federation
    limits: Limits

    def path(self, source: Source) -> str:
        if source.connector == "upload":
            return f"{source.options['box'].removeprefix(BOXES).partition('/')[0]}/equipements.csv"
        return unquote(source.options["url"].removeprefix(f"{self.server.address}/"))

    def hand_in(self) -> None:
        """Leave in its box what a clerk keeps."""
        for _, source in self.federation.sources():
            if source.connector == "upload" and self.limits.uploads is not None:
                box = upload.box_folder(self.limits.uploads, source.options["box"])
                box.mkdir(parents=True)
                shutil.copy(self.folder / self.path(source), box)

    def request(self, source: Source, into: Path, since: Validators | None = None) -> FetchRequest:
        return FetchRequest(options=source.options, into=into, since=since or Validators(), limits=self.limits)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sites")
    written = {one.path: one for one in generate(folder)}
    with Sites(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        limits = Limits(
            attempts=2,
            backoff_seconds=0,
            backoff_max_seconds=0,
            egress=EgressRules(exceptions=(server.address.removeprefix("http://"),)),
            uploads=tmp_path_factory.mktemp("uploads"),
        )
        federation = load_federation(ROOT, {"example_sites": server.address})
        running = Running(server, folder, written, federation, limits)
        running.hand_in()
        yield running
        server.shutdown()
        thread.join()


def test_every_member_but_the_one_that_is_down_can_be_landed(running: Running, tmp_path: Path) -> None:
    lake, landed = Lake(tmp_path / "lake"), set()
    for organisation, source in running.federation.sources():
        fetch = find_connector(source.connector).fetch
        if organisation.id == DOWN:
            with pytest.raises(SourceUnavailable):
                fetch(running.request(source, tmp_path))
            continue
        sha256 = land(lake, fetch(running.request(source, tmp_path)))
        assert sha256 == running.written[running.path(source)].sha256
        assert hashlib.sha256(lake.landed(sha256).read_bytes()).hexdigest() == sha256
        landed.add(sha256)
    assert len(landed) == len(running.written) - 2


def test_second_harvest_moves_no_byte_but_where_sites_have_no_validators(running: Running, tmp_path: Path) -> None:
    costly = set()
    for organisation, source in running.federation.sources():
        if organisation.id == DOWN:
            continue
        fetch = find_connector(source.connector).fetch
        first = fetch(running.request(source, tmp_path))
        again = fetch(running.request(source, tmp_path, first.validators))
        assert again.not_modified
        if again.received_bytes:
            costly.add(organisation.id)
    assert costly == {"pornichet", "la-chapelle-des-marais"}


def test_only_spoiled_rows_are_refused_and_only_repeated_ones_are_dropped(running: Running) -> None:
    contracts = load_contracts(ROOT / "contracts")
    received: dict[str, list[ReceivedFile]] = defaultdict(list)
    for _, source in running.federation.sources():
        path = running.path(source)
        received[source.dataset].append(
            ReceivedFile(
                key=path,
                path=running.folder / path,
                filename=Path(path).name,
                sha256=running.written[path].sha256,
                reading=source.read,
                columns=source.columns,
                constants=source.constants,
                formats=source.formats,
                column_formats=source.column_formats,
            )
        )
    found = {}
    for dataset, files in received.items():
        for examined in examine(files, contracts[dataset]):
            rows = examined.report.rows
            found[examined.key] = (rows.read, rows.quarantined, rows.duplicates)
    assert found == {path: (one.rows, one.wrong, one.duplicates) for path, one in running.written.items()}
