"""What a native library writes on the screen by itself when it breaks: kept from the screen, and in the log.

A panic of Polars writes its stack to the file descriptor of standard error before Python sees an exception. No setting
of Polars or of Rust stops that, so the descriptor leads elsewhere meanwhile.
"""

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)
_SCREEN = 2
_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def panic_kept_from_screen() -> Iterator[None]:
    """Hold back standard error; afterwards it is written as ever, or to the log where the block raised."""
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as kept:
        sys.stderr.flush()
        try:
            screen = os.dup(_SCREEN)
        except OSError:  # there is no screen, as in a service without one
            yield
            return
        os.dup2(kept.fileno(), _SCREEN)
        is_broken = True
        try:
            yield
            is_broken = False
        finally:
            sys.stderr.flush()
            os.dup2(screen, _SCREEN)
            os.close(screen)
            kept.seek(0)
            written = kept.read()
            if is_broken:
                log.debug("the reader wrote: %s", written.decode("utf-8", "replace"))
            elif written:
                os.write(_SCREEN, written)
