"""What a notice tells, before it is written as an e-mail or as JSON: facts of runs, never more than may be told.

Cells are told by the rule of the row report, and of an open dataset only: an e-mail lies in more places than a page.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from governance.deliverables.mends import Mend, mends_of_run
from governance.deliverables.sight import Sight, sight_of
from governance.platform import Platform
from governance.state.outbox import Notice
from governance.state.receipts import CheckState, Outcome, Receipt, find_receipt, receipts_between, standing_receipts
from governance.subscriptions import Subscription

_NOTHING = Sight(frozenset(), is_whole=False)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunNews(_Frozen):
    """One run of one source; counts are rows of the file, times are UTC."""

    run_id: str
    source_id: str
    dataset: str
    title_fr: str
    title_en: str
    outcome: Outcome
    state: CheckState
    finished_at: datetime
    contract_version: str | None
    rows_in: int | None
    rows_accepted: int | None
    rows_quarantined: int | None
    rows_duplicates: int | None
    message_fr: str
    message_en: str
    remedy_fr: str
    remedy_en: str
    first_mends: tuple[Mend, ...]
    runs: int = 1
    """How many runs there were of that source; more than one in a digest."""

    @property
    def is_fine(self) -> bool:
        """Whether nobody needs to do anything."""
        return self.outcome in ("accepted", "unchanged") and not self.rows_quarantined


class News(_Frozen):
    """What one notice tells one subscription."""

    notice_id: str
    occasion: str
    member_id: str
    member_name: str
    since: datetime | None
    until: datetime
    runs: tuple[RunNews, ...]


def news_of(platform: Platform, notice: Notice, subscription: Subscription) -> News | None:
    """Return what a notice has to tell, or None where nothing of it is known any more."""
    organisation = platform.federation.organisations[notice.member_id]
    runs = _of_run(platform, notice) if notice.occasion == "run" else _of_period(platform, notice, subscription)
    if not runs:
        return None
    return News(
        notice_id=notice.id,
        occasion=notice.occasion,
        member_id=organisation.id,
        member_name=organisation.name,
        since=notice.since,
        until=notice.due_at,
        runs=tuple(runs),
    )


def _of_run(platform: Platform, notice: Notice) -> list[RunNews]:
    receipt = find_receipt(platform.engine, notice.run_id or "")
    return [_told(platform, receipt)] if receipt is not None else []


def _of_period(platform: Platform, notice: Notice, subscription: Subscription) -> list[RunNews]:
    """How each source stands now that had a run in the period, those that need a hand first."""
    assert notice.since is not None
    came = receipts_between(platform.engine, notice.member_id, notice.since, notice.due_at)
    counted: dict[str, int] = {}
    for receipt in came:
        if subscription.covers(receipt.source_id):
            counted[receipt.source_id] = counted.get(receipt.source_id, 0) + 1
    standing = standing_receipts(platform.engine)
    told = [
        _told(platform, standing[notice.member_id, source_id]).model_copy(update={"runs": runs})
        for source_id, runs in counted.items()
        if (notice.member_id, source_id) in standing
    ]
    return sorted(told, key=lambda run: (run.is_fine, run.title_fr))


def _told(platform: Platform, receipt: Receipt) -> RunNews:
    contract = platform.contracts.get(receipt.dataset)
    is_open = contract is not None and contract.classification == "open"
    sight = sight_of(platform, receipt.dataset, contract) if is_open else _NOTHING
    # What is said of a file that cannot be used may quote a cell of it.
    quotes = receipt.outcome == "rejected" and not sight.is_whole
    general = {
        "message_fr": "Fichier inutilisable.",
        "message_en": "The file cannot be used.",
        "remedy_fr": "Ouvrez l'accusé : il dit quoi corriger, ligne par ligne.",
        "remedy_en": "Open the receipt: it says what to mend, line by line.",
    }
    own = receipt.model_dump(include=set(general))
    return RunNews(
        title_fr=contract.title if contract else receipt.dataset,
        title_en=(contract.title_en or contract.title) if contract else receipt.dataset,
        first_mends=mends_of_run(platform.lake, receipt, sight),
        **(general if quotes else own),
        **receipt.model_dump(
            include={
                "run_id", "source_id", "dataset", "outcome", "state", "finished_at", "contract_version",
                "rows_in", "rows_accepted", "rows_quarantined", "rows_duplicates",
            }
        ),
    )  # fmt: skip
