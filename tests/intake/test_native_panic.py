"""A native reader that breaks writes on no screen; one that does not is heard as ever."""

import logging
import os

import pytest

from governance.intake.native_panic import panic_kept_from_screen


def test_what_is_written_before_an_error_goes_to_the_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ValueError, match="broken"), panic_kept_from_screen():
        os.write(2, b"thread panicked")
        raise ValueError("broken")
    assert capfd.readouterr().err == ""
    assert "thread panicked" in caplog.text


def test_what_is_written_without_an_error_reaches_the_screen(capfd: pytest.CaptureFixture[str]) -> None:
    with panic_kept_from_screen():
        os.write(2, b"somebody else's line\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "somebody else's line\nafter\n"
