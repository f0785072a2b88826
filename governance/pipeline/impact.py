"""What a change of the declarations would change, before it is made: who gains, who loses, which columns and rows.

Both sides are asked of real engines: one that decides by the bundles in force, one by bundles built of the declarations
as they stand now. Where something is supposed (an agreement ended, another day) the first decides by the declarations
and the second by what is supposed of them. Nothing is put in force and nothing is handed over. What is asked: each
dataset, for the public and each organisation of either side, through each door, without a purpose and for each that an
agreement names.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from governance.api.query import FeedQuery
from governance.api.rows import Relation, RowReader
from governance.decisions.agreements import load_agreements
from governance.decisions.bundle import bundle_path, revisions_of, write_bundles
from governance.decisions.bundle_names import BUNDLES
from governance.decisions.changes import Changes, changes_between, content_in_force
from governance.decisions.enforce import relation_sql
from governance.decisions.facts import current_facts
from governance.decisions.model import (
    ENGINE_REASON_CODES,
    Channel,
    Context,
    Decision,
    DecisionRequest,
    Duty,
    Frozen,
    Mask,
    Reason,
    Subject,
    Target,
    denial_without_engine,
)
from governance.decisions.opa import OpaDecisionPoint
from governance.decisions.opa_server import PolicyEngineError, wait_for_revision
from governance.decisions.signing import KEY_FILE
from governance.decisions.ucast import UnsupportedFilterError
from governance.kept_secrets import secret_path
from governance.legal_time import LEGAL_TIME
from governance.pipeline.engine import private_engine
from governance.platform import Platform
from governance.settings import Settings
from governance.shared_layer import read_current, table_path

PUBLIC = "public"
_TIMES_ASKED = 3
Effect = Literal["loses", "gains", "changes", "refused_otherwise"]
EFFECTS: tuple[Effect, ...] = get_args(Effect)
"""What matters most first; the last one changes what is said and nothing else."""
Content = Mapping[str, Mapping[str, Any]]


class UnknownAgreementError(ValueError):
    """No agreement that is declared has that id."""


class Supposed(Frozen):
    """What a question supposes of the declarations, without touching them; nothing: they are put in force."""

    ended: str | None = None
    """Id of an agreement that would have ended yesterday."""
    on: date | None = None
    """Day at which the other side is asked, French legal time, noon."""

    @property
    def is_something(self) -> bool:
        """Whether anything is supposed at all."""
        return self.ended is not None or self.on is not None


class Side(Frozen):
    """What one version of the policy answers to one question."""

    allow: bool
    reasons: tuple[Reason, ...]
    columns: Mapping[str, Mask]
    """Mask of each column that leaves."""
    duties: tuple[Duty, ...]
    row_filter: Mapping[str, Any] | None
    rows: int | None
    """Rows that leave of the data as they are now; nothing where none leave or there are no data."""


class Line(Frozen):
    """One difference, with all to whom it happens, and all doors and purposes at which it is the same."""

    who: tuple[str, ...]
    dataset: str
    effect: Effect
    channels: tuple[Channel, ...]
    purposes: tuple[str | None, ...]
    before: Side
    after: Side

    @property
    def gained(self) -> tuple[str, ...]:
        """Columns that leave afterwards and did not before."""
        return tuple(sorted(self.after.columns.keys() - self.before.columns.keys()))

    @property
    def lost(self) -> tuple[str, ...]:
        """Columns that leave no more."""
        return tuple(sorted(self.before.columns.keys() - self.after.columns.keys()))

    @property
    def masked_otherwise(self) -> tuple[str, ...]:
        """Columns that leave before and after, in another shape."""
        both = self.before.columns.keys() & self.after.columns.keys()
        return tuple(sorted(name for name in both if self.before.columns[name] != self.after.columns[name]))


class Impact(Frozen):
    """What would change."""

    supposed: Supposed = Supposed()
    in_force: str | None
    proposed: str
    changes: Changes
    """What differs in the declarations, by name."""
    asked: int
    """Questions asked of each side."""
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Question:
    who: str
    organisation: str | None
    dataset: str
    channel: Channel
    purpose: str | None


def find_impact(
    platform: Platform, say: Callable[[int, int], None] = lambda _done, _all: None, supposed: Supposed | None = None
) -> Impact:
    """Return what putting the declarations in force would change, or what is supposed of them.

    ``say`` is told questions answered, and of how many; what it raises ends the work, which leaves nothing behind.

    Raises:
        DeclarationError, ContractError: a declaration cannot be used, so that it could not be put in force.
        UnknownAgreementError: the agreement that would have ended is not declared.
        PolicyEngineError: no engine on this machine, or it would refuse the policies.
    """
    settings, asked = platform.settings, supposed or Supposed()
    now = datetime.now(UTC)
    then = datetime.combine(asked.on, time(12), LEGAL_TIME).astimezone(UTC) if asked.on else now
    with tempfile.TemporaryDirectory(prefix="archipel-impact-") as folder:
        # States of their own, so that no engine here reports to the journal and nobody sees their versions.
        today, proposed = (_apart(settings, Path(folder) / name) for name in ("today", "proposed"))
        version = write_bundles(proposed, _facts_if_ended(settings, asked.ended))
        in_force = revisions_of(settings).current
        known = write_bundles(today) if asked.is_something else in_force
        if not asked.is_something:
            _copy_in_force(settings, today)
        before, after = content_in_force(today), content_in_force(proposed)
        questions = list(_questions(before, after))
        with _decides(today, known) as old, _decides(proposed, version) as new:
            counts = _Counts(platform, Path(folder) / "counts")
            lines = _compare(counts, questions, ((old, now), (new, then)), say)
    return Impact(
        supposed=asked,
        in_force=in_force,
        proposed=version,
        changes=changes_between(before, after),
        asked=len(questions),
        lines=lines,
    )


def _facts_if_ended(settings: Settings, ended: str | None) -> dict[str, Any] | None:
    """The facts of the declarations with one agreement that ended yesterday; none where it is none."""
    if ended is None:
        return None
    agreements = load_agreements(settings.federation_dir)
    if ended not in agreements:
        raise UnknownAgreementError(ended)
    yesterday = datetime.now(LEGAL_TIME).date() - timedelta(days=1)
    agreements[ended] = agreements[ended].model_copy(update={"valid_until": yesterday})
    return current_facts(settings, agreements)


def _apart(settings: Settings, state: Path) -> Settings:
    return settings.model_copy(update={"state_dir": state, "database_url": None})


def _copy_in_force(settings: Settings, to: Settings) -> None:
    """Copy the bundles in force and the key that they are signed with."""
    kept = [*(bundle_path(settings, name) for name in BUNDLES), secret_path(settings, KEY_FILE)]
    for path in (path for path in kept if path.is_file()):
        target = to.state_dir / path.relative_to(settings.state_dir)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(path, target)
    current = revisions_of(settings).current
    if current is not None:
        revisions_of(to).record(current)


Answer = Callable[[DecisionRequest], Decision]


@contextmanager
def _decides(settings: Settings, version: str | None) -> Iterator[Answer]:
    """Give what answers by a version; before the first one everything is closed."""
    if version is None:
        yield lambda request: denial_without_engine("policy_engine_unavailable", request.context.instant)
        return
    with private_engine(settings) as private:
        wait_for_revision(private, version)
        point = OpaDecisionPoint.from_settings(private)
        try:
            yield lambda request: _answer_of(point, request)
        finally:
            point.close()


def _answer_of(point: OpaDecisionPoint, request: DecisionRequest) -> Decision:
    """Ask, and again where no answer came: silence must not be told as a change of the rules.

    Raises:
        PolicyEngineError: no answer that counts came at all.
    """
    for _ in range(_TIMES_ASKED):
        decision = point.decide(request)
        if not any(code in ENGINE_REASON_CODES for code in decision.codes):
            return decision
    raise PolicyEngineError(f"the policy engine gave no answer that counts: {', '.join(decision.codes)}")


def _questions(before: Content, after: Content) -> Iterator[_Question]:
    organisations = {
        siren: told["id"] for side in (before, after) for siren, told in side.get("organisations", {}).items()
    }
    datasets = sorted({name for side in (before, after) for name in side.get("datasets", {})})
    purposes = sorted({
        purpose
        for side in (before, after)
        for agreement in side.get("agreements", {}).values()
        for purpose in agreement["purposes"]
    })  # fmt: skip
    for dataset in datasets:
        for channel in ("publish", "feed", "preview"):
            yield _Question(PUBLIC, None, dataset, channel, None)
        for siren, name in sorted(organisations.items(), key=lambda item: item[1]):
            for purpose in (None, *purposes):
                yield _Question(name, siren, dataset, "feed", purpose)


def _request(question: _Question, instant: datetime) -> DecisionRequest:
    who = (
        Subject(id=f"impact:{question.who}", organisation=question.organisation) if question.organisation else Subject()
    )
    return DecisionRequest(
        subject=who,
        target=Target(dataset=question.dataset),
        context=Context(channel=question.channel, purpose=question.purpose, instant=instant),
        hands_over=False,
    )


def _compare(
    counts: "_Counts",
    questions: list[_Question],
    sides: tuple[tuple[Answer, datetime], tuple[Answer, datetime]],
    say: Callable[[int, int], None],
) -> tuple[Line, ...]:
    found: dict[tuple[str, str, str], list[tuple[_Question, Side, Side]]] = defaultdict(list)
    for done, question in enumerate(questions, 1):
        before, after = (
            counts.side_of(question.dataset, answer(_request(question, instant))) for answer, instant in sides
        )
        if before != after:
            # Refused before and after: one line, however many purposes each have words of their own.
            shown = before.model_dump_json() + after.model_dump_json() if before.allow or after.allow else ""
            key = (question.who, question.dataset, shown)
            found[key].append((question, before, after))
        say(done, len(questions))
    lines = _together(_line(same) for same in found.values())
    return tuple(sorted(lines, key=lambda line: (EFFECTS.index(line.effect), line.who, line.dataset)))


def _together(lines: Iterable[Line]) -> list[Line]:
    """Make one line of those that differ by whom alone."""
    merged: dict[str, Line] = {}
    for line in lines:
        key = line.model_dump_json(exclude={"who"})
        before = merged.get(key)
        merged[key] = line if before is None else before.model_copy(update={"who": (*before.who, *line.who)})
    return list(merged.values())


def _line(same: list[tuple[_Question, Side, Side]]) -> Line:
    question, before, after = same[0]
    effect: Effect = "changes" if after.allow else "refused_otherwise"
    if before.allow != after.allow:
        effect = "gains" if after.allow else "loses"
    return Line(
        who=(question.who,),
        dataset=question.dataset,
        effect=effect,
        channels=tuple(dict.fromkeys(each.channel for each, _, _ in same)),
        purposes=tuple(dict.fromkeys(each.purpose for each, _, _ in same)),
        before=before,
        after=after,
    )


class _Counts:
    """Rows that a decision leaves of the shared layer as it is now; the same relation is counted once."""

    def __init__(self, platform: Platform, work: Path) -> None:
        self._platform = platform
        self._reader = RowReader(platform.lake.shared, work)
        current = read_current(platform.lake)
        self._tables = current.tables if current else {}
        self._known: dict[str, int] = {}

    def side_of(self, dataset: str, decision: Decision) -> Side:
        return Side(
            allow=decision.allow,
            reasons=decision.reasons,
            columns=decision.column_masks,
            duties=decision.duties,
            row_filter=decision.row_filter,
            rows=self._rows(dataset, decision),
        )

    def _rows(self, dataset: str, decision: Decision) -> int | None:
        table, contract = self._tables.get(dataset), self._platform.contracts.get(dataset)
        if not decision.allow or table is None or contract is None:
            return None
        if decision.row_filter == {}:
            return table.rows
        present = [name for name, _ in table.columns]
        path = table_path(self._platform.lake, table).resolve()
        # No cell is looked at, so the key that hides them does not matter.
        try:
            sql, values = relation_sql(decision, contract, path, present=present, key=b"\0" * 32)
        except UnsupportedFilterError:
            return 0  # a filter that cannot be carried out to the letter lets no row through
        asked = f"{sql} {values!r}"
        if asked not in self._known:
            self._known[asked] = self._reader.count(Relation(sql, values), FeedQuery(()))
        return self._known[asked]
