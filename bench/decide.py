"""How long a decision takes through a real OPA server, with 1 and with 20,000 agreements, keyed and as an array.

Run ``python -m bench.decide``. Whoever asks is a process of its own, as the platform is: not the one that serves the
engine its bundles and takes its log. Results are milliseconds and hold only beside each other, in one run.
The array policy is the yardstick: what the same question costs where agreements are scanned instead of found by key.
"""

import argparse
import json
import multiprocessing
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from governance.decisions.bundle import data_bundle, policy_bundle, put_bundles, revisions_of
from governance.decisions.facts import current_facts
from governance.decisions.model import Context, DecisionRequest, Subject, Target
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import find_opa, wait_for_revision
from governance.decisions.policy_client import PolicyClient
from governance.decisions.reasons import load_rules
from governance.decisions.signing import BundleKey
from governance.pipeline.engine import private_engine
from governance.settings import Settings
from tests.decisions.engine import free_port

MANY = 20_000
ASSIGNEE, DATASET, AGREEMENT = "000000042", "consommation_energie", "exemple-energie-startup"
REQUEST = DecisionRequest(
    subject=Subject(id="bench", organisation=ASSIGNEE),
    target=Target(dataset=DATASET),
    context=Context(purpose="dpv:ResearchAndDevelopment", instant=datetime(2026, 11, 23, 10, tzinfo=UTC)),
)
ARRAY_POLICY = """
package scan

default allow := false

allow if {
	some agreement in data.agreements
	agreement.assignee == input.subject.organisation
	agreement.target == input.target.dataset
	agreement.state == "finalized"
	input.action in agreement.actions
	input.context.purpose in agreement.purposes
}
"""


def _many(facts: dict[str, Any], count: int) -> dict[str, Any]:
    """The example's facts with ``count`` agreements in all, each of another organisation but one."""
    model = facts["facts"]["agreements"][ASSIGNEE][DATASET][AGREEMENT]
    others = {f"B{number:08d}": {DATASET: {f"b{number}": model}} for number in range(count - 1)}
    held = {**others, ASSIGNEE: {DATASET: {AGREEMENT: model}}}
    return {"facts": {**facts["facts"], "agreements": held}}


@contextmanager
def _running(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _apart(case: Callable[..., dict[str, dict[str, float]]], *arguments: Any) -> dict[str, dict[str, float]]:
    """Measure a case in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(case, *arguments).result()


def _measure(call: Callable[[], Any], repeats: int) -> dict[str, float]:
    """p50 and p99 in milliseconds, after a warm-up of a tenth."""
    for _ in range(max(repeats // 10, 5)):
        call()
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50_ms": round(cuts[49], 2), "p99_ms": round(cuts[98], 2)}


def _keyed(folder: Path, count: int, repeats: int) -> dict[str, dict[str, float]]:
    """The product's own path; then the same without kept row filters, so that each call compiles one."""
    written = Settings(state_dir=folder / str(count))
    key = BundleKey.from_settings(written)
    policies = policy_bundle(written.policies_dir, load_rules(written.policies_dir), key)
    revision = put_bundles(written, policies, data_bundle(_many(current_facts(written), count), key))
    with private_engine(written) as settings:
        wait_for_revision(settings, revision, timeout=120)
        return _apart(_ask_keyed, settings, count, repeats)


def _ask_keyed(settings: Settings, count: int, repeats: int) -> dict[str, dict[str, float]]:
    client = PolicyClient.from_settings(settings)
    point = OpaDecisionPoint(client, revisions_of(settings))
    bare = OpaDecisionPoint(client, revisions_of(settings), filters_kept=0)
    if not point.decide(REQUEST).allow:
        raise RuntimeError("the example request is refused: nothing to measure")
    return {
        f"keyed, {count} agreements": _measure(lambda: point.decide(REQUEST), repeats),
        f"keyed, {count} agreements, filter compiled each time": _measure(lambda: bare.decide(REQUEST), repeats),
        f"keyed, {count} agreements, answer alone": _measure(
            lambda: client.ask("archipel/decision/answer", REQUEST.to_input()), repeats
        ),
    }


def _scanned(folder: Path, count: int, repeats: int) -> dict[str, dict[str, float]]:
    """The yardstick: allow alone, from an array."""
    model = {
        "target": DATASET, "state": "finalized", "actions": ["read"], "purposes": ["dpv:ResearchAndDevelopment"],
    }  # fmt: skip
    agreements = [{**model, "assignee": f"B{number:08d}"} for number in range(count - 1)]
    scan = folder / f"scan{count}"
    scan.mkdir()
    (scan / "scan.rego").write_text(ARRAY_POLICY, encoding="utf-8")
    (scan / "data.json").write_text(json.dumps({"agreements": [*agreements, {**model, "assignee": ASSIGNEE}]}))
    port = free_port()
    command = [str(find_opa()), "run", "--server", "--addr", f"127.0.0.1:{port}", "--log-level", "error"]
    with _running([*command, "--skip-version-check", "--bundle", str(scan)]):
        return _apart(_ask_scanned, port, count, repeats)


def _ask_scanned(port: int, count: int, repeats: int) -> dict[str, dict[str, float]]:
    client = PolicyClient.at(f"http://127.0.0.1:{port}")
    client.wait_for_ready(timeout=60, interval=0.1)
    if client.ask("scan/allow", REQUEST.to_input()) is not True:
        raise RuntimeError("the array policy refuses the example: nothing to measure")
    name = f"array, {count} agreements, allow alone"
    return {name: _measure(lambda: client.ask("scan/allow", REQUEST.to_input()), repeats)}


def measure(repeats: int = 500) -> dict[str, dict[str, float]]:
    """Every case, by name, with p50 and p99 in milliseconds."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="archipel-decide-") as folder:
        for count in (1, MANY):
            found |= _keyed(Path(folder), count, repeats)
            found |= _scanned(Path(folder), count, max(repeats // 5, 50))
    return found


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = measure(arguments.repeats)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        print(f"{name:<62} p50 {values['p50_ms']:>7.2f} ms   p99 {values['p99_ms']:>7.2f} ms")


if __name__ == "__main__":
    main()
