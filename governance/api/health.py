"""What the service stands on, asked now: each part that does not work is told in words, with its remedy."""

import json
import shutil

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from governance.api.words import reason
from governance.decisions.model import Reason
from governance.platform import Platform
from governance.shared_layer import read_current
from governance.state.room import lacks_room

PARTS = ("policy_engine_not_ready", "database_not_ready", "no_room_left", "shared_layer_not_readable")
"""Codes of all that may be wrong, in the order in which it is asked."""


LEAST_ROOM_BYTES = 4 * 1024 * 1024
"""Free room below which the next entry of the journal may be refused: then every door is as good as closed."""


def faults_of(platform: Platform) -> tuple[Reason, ...]:
    """Return why the service cannot do its work; nothing where it can. An empty shared layer is no fault."""
    answers = (_engine_answers(platform), _database_answers(platform), _has_room(platform), _shared_is_read(platform))
    return tuple(reason(code) for code, is_well in zip(PARTS, answers, strict=True) if not is_well)


def _engine_answers(platform: Platform) -> bool:
    return platform.pdp.is_ready()


def _database_answers(platform: Platform) -> bool:
    try:
        with platform.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _has_room(platform: Platform) -> bool:
    here = shutil.disk_usage(platform.settings.state_dir).free >= LEAST_ROOM_BYTES
    return here and not lacks_room(platform.engine)


def _shared_is_read(platform: Platform) -> bool:
    try:
        current = read_current(platform.lake)
    except (OSError, ValidationError, json.JSONDecodeError):
        return False
    tables = current.tables.values() if current else ()
    return all((platform.lake.shared / table.file).is_file() for table in tables)
