"""What making a real CKAN equal to the catalogue costs, over what CKAN itself takes for the same writes.

``python -m bench.bulk [--datasets 5000] [--without-tables] [--every 10] [--running] [--json]``. Each write of ours is
sent a second time, at once, by plain ckanapi, under another name: same payload, same minute, same size of database.
The ratio is our whole time, reading, comparing and checking included, over that of the plain writes. Then the same
catalogue is published again, which must write nothing. CKAN is one of its own, started and removed; with
``--running``, that of ``make services-up``.

Two ways to thousands in less than hours: ``--without-tables`` leaves out the rows in CKAN's DataStore and their
previews, which are most of the writing; ``--every 10`` repeats the writes of one dataset in ten, and takes their mean
for each of the others.
"""

import argparse
import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from ckanapi import RemoteCKAN

from governance.catalogue.ckan.account import CkanAccount, read_token
from governance.catalogue.ckan.ckan_catalogue import CkanCatalogue
from governance.catalogue.ckan.open_rows import OpenRows
from governance.catalogue.ckan.to_ckan import resource_id
from governance.catalogue.model import PublishedDataset
from governance.catalogue.store import DistributionStore
from governance.settings import load_settings
from tests.catalogue.many import enlarged
from tests.catalogue.world import ROWS, World
from tests.services.stack import new_stack

_READS = ("_show", "_list", "_search")
_MIRROR = "miroir-"
_KINDS = ("csv", "json", "parquet", "api")


@dataclass
class Mirrored(CkanAccount):
    """An account whose writes of datasets are repeated by plain ckanapi, of one in so many, and timed."""

    address: str
    token: str
    every: int = 1
    repeating_seconds: float = 0.0
    by_action: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    done: Counter[str] = field(default_factory=Counter)
    """Our writes of datasets, by action; organisations are left out, there are few."""
    writes: int = 0
    _names: dict[str, str] = field(default_factory=dict)
    _is_repeated: bool = False

    def __post_init__(self) -> None:
        super().__init__(self.address, self.token, 120)
        self._plain = RemoteCKAN(self.address, apikey=self.token)

    def call(self, action: str, values: Mapping[str, Any]) -> Any:
        """Do what is asked; repeat it if it writes."""
        answer = super().call(action, values)
        if not action.endswith(_READS):
            self.writes += 1
            if not action.startswith("organization"):
                self._is_repeated = (
                    self.done[action] % self.every == 0 if action == "package_create" else self._is_repeated
                )
                self.done[action] += 1
                if self._is_repeated:
                    self._repeat(action, values, answer)
        return answer

    @property
    def plain_seconds(self) -> float:
        """What plain ckanapi takes for all our writes of datasets; those not repeated at the mean of the others."""
        told = {action: mean(seconds) for action, seconds in self.by_action.items()}
        return sum(count * told.get(action, 0) for action, count in self.done.items())

    def _repeat(self, action: str, values: Mapping[str, Any], answer: Any) -> None:
        if action == "package_create":
            name, twin = str(values["name"]), f"{_MIRROR}{values['name']}"
            self._names = {name: twin} | {resource_id(name, kind): resource_id(twin, kind) for kind in _KINDS}
        # Told under another kind of address, or the second run would take the twins for ours and archive them.
        told = json.dumps(dict(values)).replace("/id/dataset/", "/id/twin/")
        for ours, theirs in self._names.items():
            told = told.replace(ours, theirs)
        start = time.perf_counter()
        made = self._plain.call_action(action, json.loads(told))
        seconds = time.perf_counter() - start
        self.repeating_seconds += seconds
        self.by_action[action].append(seconds)
        if action == "package_create":
            self._names[answer["id"]] = made["id"]


@dataclass(frozen=True)
class Measured:
    """Seconds of one run; ``ratio`` is what the first publication is judged by."""

    datasets: int
    with_tables: bool
    repeated: int
    """Datasets that plain ckanapi wrote too."""
    first_seconds: float
    plain_seconds: float
    plain_by_action: dict[str, float]
    second_seconds: float
    second_writes: int

    @property
    def ratio(self) -> float:
        """Our whole time over that of the same writes by plain ckanapi."""
        return self.first_seconds / self.plain_seconds

    @property
    def is_met(self) -> bool:
        """Whether all three numbers are as claimed; the time of the second run is claimed for up to 5,000."""
        return self.ratio <= 1.3 and self.second_writes == 0 and self.second_seconds < 30


class _NoTables(OpenRows):
    """Of each file its link alone."""

    def load(self, dataset: PublishedDataset, package: Mapping[str, Any]) -> bool:  # noqa: ARG002 - kept: the same port
        """Write nothing."""
        return False


def measure(address: str, token: str, datasets: int, *, with_tables: bool, every: int, is_removed: bool) -> Measured:
    """Publish so many datasets twice to a CKAN; take away what was made, where the CKAN stays."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        world.share(ROWS)
        small, store = world.publish().catalogue, DistributionStore(world.catalogue / "store")
        catalogue = enlarged(small, datasets - len(small.datasets), store)
        account = Mirrored(address, token, every)
        publisher = CkanCatalogue(account, OpenRows if with_tables else _NoTables)
        try:
            start = time.perf_counter()
            publisher.publish(catalogue, store)
            first = time.perf_counter() - start - account.repeating_seconds
            account.writes = 0
            start = time.perf_counter()
            publisher.publish(catalogue, store)
            second = time.perf_counter() - start
        finally:
            if is_removed:
                _take_away(RemoteCKAN(address, apikey=token), [each.id for each in catalogue.datasets])
    by_action = {name: mean(seconds) for name, seconds in account.by_action.items()}
    repeated = len(account.by_action["package_create"])
    return Measured(datasets, with_tables, repeated, first, account.plain_seconds, by_action, second, account.writes)


def _take_away(portal: RemoteCKAN, names: list[str]) -> None:
    known = set(portal.call_action("package_list"))
    for name in names:
        for each in (name, f"{_MIRROR}{name}"):
            if each in known:
                portal.call_action("dataset_purge", {"id": each})


@contextmanager
def _portal(is_running: bool) -> Iterator[tuple[str, str]]:
    if is_running:
        settings = load_settings()
        yield f"http://{settings.host}:{settings.ckan_port}", read_token(settings)
        return
    with new_stack() as stack:
        done = stack.native("up", "ckan")
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        yield stack.ckan, stack.token


def main() -> int:
    """Measure and print; 1 when a number is not as claimed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=5000)
    parser.add_argument(
        "--without-tables", action="store_true", help="metadata and links of files, no rows, no preview"
    )
    parser.add_argument("--every", type=int, default=1, help="repeat the writes of one dataset in so many")
    parser.add_argument("--running", action="store_true", help="the CKAN of make services-up; what is made is removed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with _portal(options.running) as (address, token):
        found = measure(
            address,
            token,
            options.datasets,
            with_tables=not options.without_tables,
            every=options.every,
            is_removed=options.running,
        )
    if options.json:
        print(json.dumps(asdict(found) | {"ratio": found.ratio}, indent=1))
    else:
        print(
            f"{found.datasets} datasets created{'' if found.with_tables else ' without tables'}: "
            f"{found.first_seconds:.1f} s; by plain ckanapi: {found.plain_seconds:.1f} s ({found.repeated} repeated)"
        )
        for action, seconds in found.plain_by_action.items():
            print(f"  {action:22} {1000 * seconds:6.1f} ms each")
        print(f"ratio {found.ratio:.2f} (at most 1.3)")
        print(f"again: {found.second_writes} writes (0), {found.second_seconds:.1f} s (under 30)")
    return 0 if found.is_met else 1


if __name__ == "__main__":
    raise SystemExit(main())
