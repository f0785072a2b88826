"""Impacts asked from the console: worked out beside the server, one at a time, and kept with what they were asked of.

What is known of each is in one file, so that any server of this machine can show it.
"""

import hashlib
import json
import os
import re
import secrets
import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Literal

from filelock import BaseFileLock
from pydantic import AwareDatetime, ValidationError

from governance.contracts.model import ContractError
from governance.decisions.bundle import revisions_of
from governance.decisions.model import Frozen
from governance.decisions.opa_server import PolicyEngineError
from governance.federation import DeclarationError
from governance.lake import Lake, write_atomically
from governance.legal_time import LEGAL_TIME
from governance.pipeline.beside import be_beside, begin_beside, end_beside
from governance.pipeline.impact import Supposed, UnknownAgreementError, find_impact
from governance.pipeline.impact_words import ToldImpact, told_impact
from governance.pipeline.locks import hold_if_free
from governance.pipeline.unusable import Unusable, unusable
from governance.platform import open_platform
from governance.settings import Settings
from governance.shared_layer import read_current

KEPT = 10
"""Impacts kept; older ones are removed when another is asked."""
_LOCK = "impact"
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
_TOLD_EVERY_SECONDS = 0.5
_TRIES = 100
"""Times that a lock is tried for, a fifth of a second each."""
State = Literal["running", "done", "unusable", "failed", "interrupted"]
Changed = Literal["declarations", "in_force", "rows", "day"]


class Basis(Frozen):
    """What an impact was asked of; where any of it is another now, the answer may be another too."""

    declarations: str
    """SHA-256 of every file of the federation and the policies."""
    in_force: str | None
    rows: str | None
    """Version of the shared layer that rows were counted in."""
    day: date
    """Agreements begin and end with the day, French legal time."""


class AskedImpact(Frozen):
    """One impact that somebody asked for, as far as it is known."""

    id: str
    at: AwareDatetime
    supposed: Supposed
    basis: Basis
    state: State = "running"
    done: int = 0
    of: int | None = None
    """Questions answered, and of how many; not known at first."""
    told: ToldImpact | None = None
    unusable: Unusable | None = None


class ImpactDesk:
    """Where impacts are asked for and looked up."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.state_dir / "impact"
        self._lake = Lake(settings.state_dir / "lake")
        self._process: BaseProcess | None = None

    def ask(self, supposed: Supposed) -> str:
        """Begin to work out an impact and return its id; where one is under way, that one's.

        Raises:
            TimeoutError: the one before has its answer and yet does not end.
        """
        for _ in range(_TRIES):
            lock = hold_if_free(self._lake, _LOCK)
            if lock is not None:
                return self._begin(supposed, lock)
            for one in self.all():
                if one.state == "running":
                    return one.id
            # One that has its answer is ending, or one is about to be written down: a moment.
        raise TimeoutError("the impact worked out before does not end")

    def _begin(self, supposed: Supposed, lock: BaseFileLock) -> str:
        try:
            now = datetime.now(UTC)
            identifier = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
            self._remove_old()
            _write(
                self._folder,
                AskedImpact(id=identifier, at=now, supposed=supposed, basis=basis_of(self._settings)),
            )
        except BaseException:
            lock.release()
            raise
        arguments = (self._settings, self._folder, identifier, os.getpid())
        self._process = begin_beside(lock, _work, arguments, partial(self._note_the_end, identifier))
        return identifier

    def read(self, identifier: str) -> AskedImpact | None:
        """Return what is known of an impact; None where there is none of that id."""
        if not _ID.fullmatch(identifier):
            return None
        found = _read(self._folder, identifier)
        if found is None or found.state != "running":
            return found
        lock = hold_if_free(self._lake, _LOCK)
        if lock is None:
            return found
        try:
            # Read again, because it may have ended in between; still running and held by nobody, it was cut off.
            found = _read(self._folder, identifier)
        finally:
            lock.release()
        return found.model_copy(update={"state": "interrupted"}) if found and found.state == "running" else found

    def all(self) -> list[AskedImpact]:
        """Return every impact that is kept, the newest first."""
        found = (self.read(path.stem) for path in sorted(self._folder.glob("*.json"), reverse=True))
        return [one for one in found if one is not None]

    def changed_since(self, asked: AskedImpact) -> tuple[Changed, ...]:
        """Return what is another now than when an impact was asked for."""
        was, now = asked.basis, basis_of(self._settings)
        names: tuple[Changed, ...] = ("declarations", "in_force", "rows", "day")
        return tuple(name for name in names if getattr(was, name) != getattr(now, name))

    def close(self) -> None:
        """End what is under way, in order: its engines and its folders go with it."""
        end_beside(self._process)

    def _note_the_end(self, identifier: str) -> None:
        found = _read(self._folder, identifier)
        if found is not None and found.state == "running":
            _write(self._folder, found.model_copy(update={"state": "interrupted"}))

    def _remove_old(self) -> None:
        for path in sorted(self._folder.glob("*.json"), reverse=True)[KEPT - 1 :]:
            path.unlink(missing_ok=True)


def basis_of(settings: Settings) -> Basis:
    """Return what an impact asked now would be asked of."""
    digest = hashlib.sha256()
    for root in (settings.federation_dir, settings.policies_dir):
        for path in sorted(each for each in root.rglob("*") if each.is_file() and not each.name.startswith(".")):
            # One that goes while it is looked for is as good as gone.
            with suppress(FileNotFoundError):
                content = path.read_bytes()
                digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    shared = read_current(Lake(settings.state_dir / "lake"))
    return Basis(
        declarations=digest.hexdigest(),
        in_force=revisions_of(settings).current,
        rows=shared.version if shared else None,
        day=datetime.now(LEGAL_TIME).date(),
    )


def _read(folder: Path, identifier: str) -> AskedImpact | None:
    try:
        return AskedImpact.model_validate_json((folder / f"{identifier}.json").read_bytes())
    except (FileNotFoundError, ValidationError, json.JSONDecodeError):
        return None


def _write(folder: Path, asked: AskedImpact) -> None:
    write_atomically(folder / f"{asked.id}.json", asked.model_dump_json().encode())


def _work(settings: Settings, folder: Path, identifier: str, server: int) -> None:
    """Work one impact out, in a process of its own."""
    ended = be_beside()
    asked = _read(folder, identifier)
    if asked is None:
        return
    told_at = 0.0

    def say(done: int, of: int) -> None:
        nonlocal told_at
        if ended.is_set() or os.getppid() != server:
            sys.exit(1)  # nobody would release the lock, nor look at the answer
        if time.monotonic() - told_at > _TOLD_EVERY_SECONDS:
            told_at = time.monotonic()
            _write(folder, asked.model_copy(update={"done": done, "of": of}))

    try:
        platform = open_platform(settings)
        found = find_impact(platform, say, asked.supposed)
    except (DeclarationError, ContractError, PolicyEngineError) as error:
        _write(folder, asked.model_copy(update={"state": "unusable", "unusable": unusable(settings, error)}))
    except UnknownAgreementError:
        _write(folder, asked.model_copy(update={"state": "failed"}))
    except Exception:
        _write(folder, asked.model_copy(update={"state": "failed"}))
        raise  # into the server's log
    else:
        told = told_impact(found, platform)
        say(found.asked, found.asked)
        _write(folder, asked.model_copy(update={"state": "done", "done": found.asked, "of": found.asked, "told": told}))
