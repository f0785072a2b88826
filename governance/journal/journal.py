"""The journal itself: append, search, verify, erase an identity. There is no function that changes an entry."""

import json
import os
import threading
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from governance.journal.chain import canonical, finding, first_wrong, hash_entry, is_sealed, seal
from governance.journal.keys import derive_key, load_key
from governance.journal.model import GENESIS, Entry, Finding, Kind, Search
from governance.journal.tables import entries, head, identities, make_tables
from governance.journal.together import Together
from governance.journal.verified import Verification, note_verification, read_verification
from governance.settings import Settings
from governance.state.database import open_database
from governance.state.room import has_found_room
from governance.telemetry.trace_context import current_trace_id

_HEAD_ID = 1
# Made once, because an access is written down in little more time than it takes to make its statements.
_LAST = select(head).where(head.c.id == _HEAD_ID).with_for_update()
_MOVE_HEAD = update(head).where(head.c.id == _HEAD_ID)
_ADD = insert(entries)
_IDENTITY = select(identities.c.pseudonym).where(identities.c.pseudonym == bindparam("who"))


@dataclass(frozen=True)
class _Told:
    """One entry before it has its place; ``text`` is its fields as canonical JSON."""

    kind: Kind
    subject: str | None
    pseudonym: str | None
    target: str | None
    text: str


class Journal:
    """An append-only, hash-chained journal in a database; several processes may append at once.

    ``anchor`` is a small file outside the database with the last head: it tells when the whole table, head
    included, was emptied or put back to an older copy.
    """

    def __init__(self, engine: Engine, key: bytes, anchor: Path | None = None) -> None:
        self._engine = engine
        self._head_key = derive_key(key, "journal-head")
        self._pseudonym_key = derive_key(key, "journal-pseudonym")
        self._anchor = anchor
        self._write = Together[_Told, Entry](self._write_all)
        make_tables(engine)
        self._make_head()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The journal of this installation.

        Raises:
            OSError: the key or the database's folder cannot be read or made.
        """
        anchor = settings.state_dir / "journal" / "anchor.json"
        return cls(open_database(settings.database_address), load_key(settings), anchor)

    def append(
        self, kind: Kind, fields: Mapping[str, Any], *, subject: str | None = None, target: str | None = None
    ) -> Entry:
        """Write one entry behind the last; ``subject`` is who did it and is kept as a pseudonym.

        An entry that belongs to a piece of work bears its trace id, as its log lines do.

        ``subject`` and ``dataset`` (the target) are taken out of ``fields`` where they stand in there: an identity
        never becomes part of the chain.

        Raises:
            ValueError, TypeError: ``fields`` holds something that JSON cannot.
            SQLAlchemyError: the database refused; nothing was written.
        """
        told = dict(fields)
        if trace_id := current_trace_id():
            told["trace_id"] = trace_id
        subject = told.pop("subject", None) or subject
        target = told.pop("dataset", None) or target
        pseudonym = self.pseudonym(subject) if subject is not None else None
        target = _bounded(target) if target is not None else None
        return self._write(_Told(kind, subject, pseudonym, target, canonical(told)))

    def _write_all(self, told: Sequence[_Told]) -> list[Entry]:
        """Write entries behind the last, in one transaction: all of them or none."""
        made: list[Entry] = []
        with self._writing() as connection:
            last = connection.execute(_LAST).one()
            sequence, previous = last.sequence, last.hash
            rows: list[dict[str, Any]] = []
            for one in told:
                at = datetime.now(UTC).isoformat(timespec="microseconds")
                sequence += 1
                row = {
                    "sequence": sequence, "at": at, "kind": one.kind, "subject": one.pseudonym, "target": one.target,
                    "fields": one.text, "previous": previous,
                    "hash": hash_entry(at, one.kind, one.pseudonym, one.target, one.text, previous),
                }  # fmt: skip
                previous = row["hash"]
                rows.append(row)
                made.append(Entry(**{**row, "at": datetime.fromisoformat(at), "fields": json.loads(one.text)}))
            connection.execute(_ADD, rows)
            mac = seal(self._head_key, sequence, previous)
            connection.execute(_MOVE_HEAD, {"sequence": sequence, "hash": previous, "mac": mac})
            self._remember(connection, {one.pseudonym: one.subject for one in told if one.pseudonym and one.subject})
        has_found_room(self._engine)
        self._note_anchor(sequence, previous, mac)
        return made

    def pseudonym(self, identity: str) -> str:
        """Keyed pseudonym of an identity: the same each time, and no help in finding who it is."""
        return seal(self._pseudonym_key, 0, identity)

    def identity_of(self, pseudonym: str) -> str | None:
        """Who is behind a pseudonym, unless it was erased."""
        with self._engine.connect() as connection:
            found = connection.execute(select(identities.c.identity).where(identities.c.pseudonym == pseudonym))
            return found.scalar_one_or_none()

    def erase_identity(self, identity: str) -> bool:
        """Forget who is behind a pseudonym (GDPR art. 17) without touching the chain; say whether there was one."""
        pseudonym = self.pseudonym(identity)
        with self._writing() as connection:
            gone = connection.execute(delete(identities).where(identities.c.pseudonym == pseudonym)).rowcount > 0
        if gone:
            self.append("identity_erased", {"pseudonym": pseudonym})
        return gone

    def search(self, wanted: Search | None = None) -> list[Entry]:
        """Entries that match, newest first."""
        query = self._conditions(wanted or Search())
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def length(self) -> int:
        """How many entries there are, by the head."""
        with self._engine.connect() as connection:
            return int(
                connection.execute(select(head.c.sequence).where(head.c.id == _HEAD_ID)).scalar_one_or_none() or 0
            )

    def after(self, sequence: int, most: int) -> list[Entry]:
        """Entries behind one of that number, the oldest first."""
        query = select(entries).where(entries.c.sequence > sequence).order_by(entries.c.sequence).limit(most)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def walk(self, kinds: Collection[Kind], since: datetime, until: datetime) -> Iterator[Entry]:
        """Every entry of these kinds in a time, the oldest first; ``until`` excluded."""
        at = entries.c.at
        query = select(entries).where(entries.c.kind.in_(kinds), at >= _text(since), at < _text(until))
        with self._engine.connect() as connection:
            streamed = connection.execution_options(yield_per=1000)
            for row in streamed.execute(query.order_by(entries.c.sequence)):
                yield _entry(row)

    def export(self) -> Iterator[str]:
        """Every entry as one line of canonical JSON, oldest first, then the head; identities stay here."""
        with self._as_of_now() as connection:
            for row in connection.execute(select(entries).order_by(entries.c.sequence)):
                yield canonical(dict(row._mapping))
            last = connection.execute(select(head.c.sequence, head.c.hash, head.c.mac)).one_or_none()
        yield canonical({"head": dict(last._mapping) if last else None})

    def verify(self) -> Finding | None:
        """The first entry that was altered, removed or reordered, or nothing; the end of the journal included."""
        found = self._verify()
        if self._anchor is not None:
            note_verification(self._anchor, found)
        return found

    def last_verification(self) -> Verification | None:
        """When the whole journal was last verified here and what came of it; None before."""
        return read_verification(self._anchor) if self._anchor is not None else None

    def _verify(self) -> Finding | None:
        noted = self._noted()  # before the entries, which only grow meanwhile
        with self._as_of_now() as connection:
            hashes = {row.hash: row.sequence for row in connection.execute(select(entries.c.hash, entries.c.sequence))}
            rows = connection.execute(select(entries).order_by(entries.c.sequence))
            wrong, sequence, last_hash = first_wrong(rows, hashes)
            kept = connection.execute(select(head).where(head.c.id == _HEAD_ID)).one_or_none()
        if wrong is not None:
            return wrong
        return self._check_head(kept, sequence, last_hash) or self._check_noted(noted, sequence, hashes)

    def _check_head(self, kept: Row[Any] | None, sequence: int, last_hash: str) -> Finding | None:
        if kept is None or not is_sealed(self._head_key, kept.sequence, kept.hash, kept.mac):
            return finding("head_altered", sequence)
        if sequence < kept.sequence:
            return finding("removed", sequence + 1)
        if sequence > kept.sequence or last_hash != kept.hash:
            return finding("altered", sequence)
        return None

    def _noted(self) -> dict[str, Any] | None:
        """What the anchor says; nothing where there is none, an empty note where it cannot be read."""
        if self._anchor is None or not self._anchor.is_file():
            return None
        try:
            noted = json.loads(self._anchor.read_text(encoding="utf-8"))
            return {"sequence": int(noted["sequence"]), "hash": str(noted["hash"]), "mac": str(noted["mac"])}
        except (ValueError, KeyError, TypeError):
            return {}

    def _check_noted(self, noted: dict[str, Any] | None, sequence: int, hashes: Container[str]) -> Finding | None:
        if noted is None:
            return None
        if not noted or not is_sealed(self._head_key, noted["sequence"], noted["hash"], noted["mac"]):
            return finding("head_altered", sequence)
        if sequence < noted["sequence"]:
            return finding("removed", sequence + 1)
        return None if noted["hash"] in hashes else finding("altered", noted["sequence"])

    def _conditions(self, wanted: Search) -> Select[Any]:
        query = select(entries).order_by(entries.c.sequence.desc()).limit(wanted.limit)
        if wanted.kind is not None:
            query = query.where(entries.c.kind == wanted.kind)
        if wanted.target is not None:
            query = query.where(entries.c.target == wanted.target)
        if wanted.subject is not None:
            query = query.where(entries.c.subject == self.pseudonym(wanted.subject))
        if wanted.since is not None:
            query = query.where(entries.c.at >= _text(wanted.since))
        if wanted.until is not None:
            query = query.where(entries.c.at < _text(wanted.until))
        if wanted.before is not None:
            query = query.where(entries.c.sequence < wanted.before)
        return query

    @contextmanager
    def _as_of_now(self) -> Iterator[Connection]:
        """A connection whose every question is answered as of one instant, though others append meanwhile."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            else:
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start, so that nobody appends behind the same entry."""
        with self._engine.connect() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def _make_head(self) -> None:
        with self._engine.connect() as connection:
            if connection.execute(select(head.c.id)).first() or connection.execute(select(entries.c.hash)).first():
                return  # kept because a head that vanished from a journal with entries must be found, not mended
        try:
            with self._writing() as connection:
                mac = seal(self._head_key, 0, GENESIS)
                connection.execute(insert(head).values(id=_HEAD_ID, sequence=0, hash=GENESIS, mac=mac))
        except IntegrityError:
            return  # another process made it first

    def _remember(self, connection: Connection, who: Mapping[str, str]) -> None:
        for pseudonym, identity in who.items():
            if connection.execute(_IDENTITY, {"who": pseudonym}).first() is None:
                connection.execute(insert(identities).values(pseudonym=pseudonym, identity=identity))

    def _note_anchor(self, sequence: int, last_hash: str, mac: str) -> None:
        """Kept without fsync, because an anchor that lags after a power cut proves less, never something wrong."""
        if self._anchor is None:
            return
        self._anchor.parent.mkdir(parents=True, exist_ok=True)
        draft = self._anchor.with_name(f".{self._anchor.name}.{os.getpid()}.{threading.get_ident()}")
        draft.write_text(canonical({"sequence": sequence, "hash": last_hash, "mac": mac}), encoding="utf-8")
        draft.replace(self._anchor)


def _text(instant: datetime) -> str:
    """An instant as entries have it, so that texts sort as instants do."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _bounded(target: str) -> str:
    """As much of a target as is kept: a caller may have made it up, of any length and with what databases refuse."""
    return target.replace("\x00", "\N{SYMBOL FOR NULL}")[: entries.c.target.type.length]  # type: ignore[attr-defined]


def _entry(row: Row[Any]) -> Entry:
    values = dict(row._mapping)
    return Entry(**{**values, "at": datetime.fromisoformat(values["at"]), "fields": json.loads(values["fields"])})
