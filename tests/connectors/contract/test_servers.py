"""A server that is not installed is told, and where it has to be there its absence is a failure."""

import pytest

from tests.connectors.contract.servers import MUST_RUN, program


def test_absent_server_skips_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MUST_RUN, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        program("no-such-server")


def test_absent_server_fails_where_it_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MUST_RUN, "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not installed"):
        program("no-such-server")
