"""What a partner's program is told of the feeds it subscribes to: a new version, a change of contract, an end.

Queued in the same outbox as receipts, each once: the id of a notice is made of the subscription and the occasion. What
was told before is read from there, so that nothing else has to be remembered. Where the policy engine gives no answer
nothing is queued: silence is no withdrawal.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from governance.contracts.compare import compare
from governance.decisions.agreements import Agreement, load_agreements
from governance.decisions.model import (
    ENGINE_REASON_CODES,
    Context,
    Decision,
    DecisionRequest,
    Reason,
    Subject,
    Target,
)
from governance.federation import Member, Partner
from governance.platform import Platform
from governance.shared_layer import SharedVersion, read_current
from governance.shared_versions import contract_of_version
from governance.state.outbox import Notice, notice_id, notices_of_subscription, queue_notices
from governance.subscriptions import Subscription

EventType = Literal["dataset.version_available", "contract.changed", "dataset.withdrawn", "agreement.ending"]
DAYS_AHEAD = (30, 7, 1)
"""How long before its end an agreement is told to end."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ContractChange(_Frozen):
    """One difference between two versions of a contract; ``column`` is null for the whole of it."""

    level: Literal["major", "minor", "patch"]
    column: str | None
    text_fr: str
    text_en: str


class FeedEvent(_Frozen):
    """One thing that happened to a feed, as it is kept in the outbox and sent; holds no value of any row."""

    type: EventType
    dataset: str
    version: str | None = None
    """Name of the version of the data, as ``at`` takes it."""
    contract_version: str | None = None
    agreement_id: str | None = None
    last_day: date | None = None
    """Of the agreement, included, French legal time."""
    changes: tuple[ContractChange, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Why the feed may be read no more, and what would change that."""


def queue_feed_events(platform: Platform, now: datetime) -> int:
    """Queue what happened to feeds that somebody subscribes to; return how many notices were looked at.

    Raises:
        SQLAlchemyError: the database refused; nothing was queued.
        DeclarationError: an agreement cannot be read.
    """
    told = [
        (organisation, subscription)
        for organisation in platform.federation.organisations.values()
        for subscription in organisation.subscriptions
        if subscription.feeds
    ]
    if not told:
        return 0
    agreements = load_agreements(platform.settings.federation_dir)
    current = read_current(platform.lake)
    notices: list[Notice] = []
    for organisation, subscription in told:
        known = _known(platform, subscription)
        for dataset in subscription.feeds:
            about = _About(platform, organisation, dataset, agreements, known.get(dataset, ()), now)
            notices += [
                _notice(organisation, subscription, occasion, event, now) for occasion, event in about.events(current)
            ]
    with platform.engine.begin() as connection:
        queue_notices(connection, notices)
    return len(notices)


def may_read(platform: Platform, organisation: Member | Partner, dataset: str, purposes: Sequence[str]) -> Decision:
    """Return the decision for an organisation: the first purpose that opens the feed, else the last refusal."""
    subject = Subject(id=f"machine:{organisation.id}", organisation=organisation.siren)
    asked = DecisionRequest(subject=subject, target=Target(dataset=dataset))
    decision = platform.pdp.decide(asked)
    for purpose in purposes:
        if decision.allow:
            break
        decision = platform.pdp.decide(asked.model_copy(update={"context": Context(purpose=purpose)}))
    return decision


def purposes_of(agreements: Mapping[str, Agreement], organisation: Member | Partner, dataset: str) -> tuple[str, ...]:
    """Return the purposes that an organisation has agreed on for a dataset, whatever became of the agreements."""
    mine = (one for one in agreements.values() if (one.assignee, one.target) == (organisation.siren, dataset))
    return tuple(dict.fromkeys(purpose for one in mine for purpose in one.purposes))


def _known(platform: Platform, subscription: Subscription) -> dict[str, tuple[FeedEvent, ...]]:
    """What a subscription was told before, by dataset, the oldest first."""
    found: dict[str, tuple[FeedEvent, ...]] = {}
    for notice in notices_of_subscription(platform.engine, subscription.key):
        event = event_of_notice(notice)
        found[event.dataset] = (*found.get(event.dataset, ()), event)
    return found


def event_of_notice(notice: Notice) -> FeedEvent:
    """Return the event that a notice tells."""
    return FeedEvent.model_validate_json(notice.told or "{}")


def _notice(
    organisation: Member | Partner, subscription: Subscription, occasion: str, event: FeedEvent, now: datetime
) -> Notice:
    return Notice(
        id=notice_id(subscription.key, f"{event.type} {event.dataset} {occasion}"),
        member_id=organisation.id,
        subscription=subscription.key,
        occasion="feed",
        told=event.model_dump_json(),
        due_at=now,
        next_try_at=now,
    )


class _About:
    """One organisation and one dataset, with what was told of it before."""

    def __init__(
        self,
        platform: Platform,
        organisation: Member | Partner,
        dataset: str,
        agreements: Mapping[str, Agreement],
        known: Sequence[FeedEvent],
        now: datetime,
    ) -> None:
        self._platform = platform
        self._organisation = organisation
        self._dataset = dataset
        self._agreements = agreements
        self._known = known
        self._now = now

    def events(self, current: SharedVersion | None) -> Iterator[tuple[str, FeedEvent]]:
        """Give each event with what tells it from others of its kind."""
        decision = may_read(
            self._platform,
            self._organisation,
            self._dataset,
            purposes_of(self._agreements, self._organisation, self._dataset),
        )
        if set(decision.codes) & set(ENGINE_REASON_CODES):
            return
        withdrawals = sum(event.type == "dataset.withdrawn" for event in self._known)
        if not decision.allow:
            if self._was_open():
                event = FeedEvent(type="dataset.withdrawn", dataset=self._dataset, reasons=decision.reasons)
                yield str(withdrawals), event
            return
        yield from self._contract_changes()
        yield from self._ends()
        table = current.tables.get(self._dataset) if current else None
        if table is not None:
            version = table.file.partition("/")[0]
            event = FeedEvent(
                type="dataset.version_available",
                dataset=self._dataset,
                version=version,
                contract_version=table.contract_version,
            )
            # Told anew after it was withdrawn and opened again, whatever the version.
            yield f"{version} {withdrawals}", event

    def _was_open(self) -> bool:
        told = [event.type for event in self._known if event.type in ("dataset.version_available", "dataset.withdrawn")]
        return bool(told) and told[-1] == "dataset.version_available"

    def _contract_changes(self) -> Iterator[tuple[str, FeedEvent]]:
        """That the contract declared now is another than the one told of last: before the data follows it."""
        contract = self._platform.contracts[self._dataset]
        last = next((event for event in reversed(self._known) if event.contract_version), None)
        if last is None or last.contract_version == contract.version:
            return
        kept = next((event.version for event in reversed(self._known) if event.version), None)
        before = contract_of_version(self._platform.lake, kept, self._dataset) if kept else None
        changes = compare(before, contract) if before is not None else ()
        told = tuple(
            ContractChange(level=one.level, column=one.column, text_fr=one.fr, text_en=one.en) for one in changes
        )
        event = FeedEvent(
            type="contract.changed", dataset=self._dataset, contract_version=contract.version, changes=told
        )
        yield contract.version, event

    def _ends(self) -> Iterator[tuple[str, FeedEvent]]:
        for agreement in self._agreements.values():
            is_mine = (agreement.assignee, agreement.target) == (self._organisation.siren, self._dataset)
            left = agreement.ends_at - self._now
            near = [days for days in DAYS_AHEAD if timedelta() < left <= timedelta(days=days)]
            if is_mine and agreement.state == "finalized" and near:
                event = FeedEvent(
                    type="agreement.ending",
                    dataset=self._dataset,
                    agreement_id=agreement.id,
                    last_day=agreement.valid_until,
                )
                yield f"{agreement.id} {agreement.valid_until} {min(near)}", event
