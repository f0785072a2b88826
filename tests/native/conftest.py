"""One front for all tests of a file."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.pipeline.publish import publish
from tests.api.small_platform import small_platform
from tests.connectors.contract.servers import absent
from tests.decisions.engine import free_port
from tests.native.fronts import Front, declare_portal, start, stop

KEPT_SECONDS = 60
"""How long a decision holds here: long enough for a slow machine to ask twice."""


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
        absent("nginx")
    root = Path(tempfile.mkdtemp(prefix="archipel-front-"))
    root.chmod(0o755)  # nginx's workers run as another account when root runs the tests
    try:
        with small_platform(root, lambda: declare_portal(root), decision_keep_seconds=KEPT_SECONDS) as running:
            publish(running.platform)
            ports = {f"front_{name}": free_port() for name in ("port", "http_port", "ckan_port")}
            settings = running.platform.settings.model_copy(update={**ports, "front_requests_per_second": 200})
            process = start(settings)
            yield Front(settings, running)
            stop(process)
    finally:
        shutil.rmtree(root, ignore_errors=True)
