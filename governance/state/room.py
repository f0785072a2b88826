"""Whether the state's database has room to write: what it last said, since its disk may be another machine's.

Where it lies on the platform's own disk, that is measured; a PostgreSQL has a disk of its own, which is known to be
full by what it refuses alone.
"""

import time
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, ExceptionContext, event

from connectors.problems import is_out_of_room

_REMEMBERED_SECONDS = 60.0
"""How long a refusal counts where nothing was tried since."""
_refused_at: WeakKeyDictionary[Engine, float] = WeakKeyDictionary()


def watch_room(engine: Engine) -> None:
    """Note from now on when the database refuses for want of room."""
    event.listen(engine, "handle_error", _note)


def lacks_room(engine: Engine) -> bool:
    """Whether the database has refused for want of room, and has taken no entry of the journal since."""
    return time.monotonic() - _refused_at.get(engine, float("-inf")) < _REMEMBERED_SECONDS


def has_found_room(engine: Engine) -> None:
    """Note that the database took what it would have refused without room."""
    _refused_at.pop(engine, None)


def _note(context: ExceptionContext) -> None:
    if context.engine is not None and is_out_of_room(str(context.original_exception)):
        _refused_at[context.engine] = time.monotonic()
