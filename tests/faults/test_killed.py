"""Kill −9 at each step of a run, then run again: no row lost, none doubled, no half version ever visible."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from governance.settings import PROJECT_ROOT
from tests.faults.doomed import STEPS
from tests.faults.twice import AFTER, BEFORE, Published, assert_all_is_there, published_rows, shared_rows


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_is_killed_is_done_again_and_nothing_is_half_seen(step: str, published: Published) -> None:
    with published.again() as made:
        assert made.run("die", step)[0] == -signal.SIGKILL
        assert shared_rows(made.platform) in (BEFORE, AFTER)
        assert published_rows(made.platform) in (BEFORE, AFTER)

        assert made.run()[0] == 0
        assert_all_is_there(made.platform)


def test_two_runs_at_once_do_the_work_once(published: Published) -> None:
    with published.again() as made:
        runs = [made.start(), made.start()]
        assert [run.communicate() and run.returncode for run in runs] == [0, 0]
        assert_all_is_there(made.platform)


def test_the_private_engine_of_a_run_ends_with_it_though_it_was_killed(published: Published) -> None:
    settings = published.settings
    code = (
        "from governance.pipeline.engine import private_engine;from governance.settings import load_settings\n"
        "with private_engine(load_settings()) as made: print(made.opa_port, flush=True); input()"
    )
    environment = {**os.environ, "ARCHIPEL_STATE_DIR": str(settings.state_dir)}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        port = int(run.stdout.readline())
        assert _comes_to_be(port, answers=True)
        run.kill()
    assert _comes_to_be(port, answers=False)


def _comes_to_be(port: int, answers: bool) -> bool:
    """Wait at most ten seconds for a port to answer, or to stop answering."""
    for _ in range(100):
        with socket.socket() as asked:
            if (asked.connect_ex(("127.0.0.1", port)) == 0) == answers:
                return True
        time.sleep(0.1)
    return False
