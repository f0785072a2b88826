"""Files of partners' feeds, made before they are asked for, and taken away once nobody may have them any more.

A file is known by dataset, agreement, version of the data and what the decision shows; a new revision of the policies
that shows the same needs no new file. Nothing leaves here: whoever comes is decided on and journalled when they come.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from governance.api.formats import BY_NAME, Format
from governance.api.gate import Asked, Gate, OpenFeed, ask, opened
from governance.decisions.agreements import Agreement, load_agreements
from governance.decisions.model import ENGINE_REASON_CODES, Subject
from governance.platform import Platform
from governance.shared_layer import SharedVersion, read_current

_FIRST = (BY_NAME["csv"], BY_NAME["parquet"])
"""Made for a partner who has taken no file yet; afterwards what they take."""


@dataclass(frozen=True)
class Prepared:
    """How many files are ready, and how many were taken away."""

    ready: int
    removed: int


def prepare_feeds(platform: Platform) -> Prepared:
    """Make the whole files of every agreement in force for the version in use, and remove those of others.

    An agreement that opens nothing now loses all its files; where the policy engine gives no answer they stay, since
    each request is decided on anyway.

    Raises:
        DeclarationError: an agreement cannot be read.
        ProblemError: a file took longer to make than allowed.
    """
    gate = Gate.of(platform)
    try:
        current = read_current(platform.lake)
        agreements = load_agreements(platform.settings.federation_dir)
        done = [_prepare(gate, agreement, current) for agreement in agreements.values() if current is not None]
        gone = gate.rows.remove_agreements(set(agreements))
        gate.rows.forget_names()
    finally:
        gate.rows.close()
    return Prepared(sum(one.ready for one in done), gone + sum(one.removed for one in done))


def _prepare(gate: Gate, agreement: Agreement, current: SharedVersion | None) -> Prepared:
    feed = _feed_of(gate, agreement, current)
    folder = f"{agreement.target}/{agreement.id}"
    if feed is None:
        return Prepared(0, 0)
    if not isinstance(feed, OpenFeed):
        return Prepared(0, gate.rows.remove_files(folder, keep=()))
    wanted: tuple[Format, ...] = gate.rows.formats_taken(folder) or _FIRST
    kept = tuple(feed.fingerprint(kind.name) for kind in wanted)
    for kind, fingerprint in zip(wanted, kept, strict=True):
        gate.rows.whole(folder, feed.relation, fingerprint, kind, None)
    return Prepared(len(wanted), gate.rows.remove_files(folder, keep=kept))


@dataclass(frozen=True)
class _Closed:
    """The agreement opens nothing now."""


def _feed_of(gate: Gate, agreement: Agreement, current: SharedVersion | None) -> OpenFeed | _Closed | None:
    """The feed as the agreement opens it now, that it opens nothing, or None where nobody knows or there is no data."""
    subject = Subject(organisation=agreement.assignee)
    asked = Asked(subject, agreement.target, "feed", agreement.purposes[0], agreement.id)
    decision = ask(gate, asked, datetime.now(UTC))
    if set(decision.codes) & set(ENGINE_REASON_CODES):
        return None
    contract = gate.platform.contracts.get(agreement.target)
    if not decision.allow or decision.agreement_id != agreement.id or contract is None:
        return _Closed()
    if current is None or agreement.target not in current.tables:
        return None
    return opened(gate, asked, "", decision, contract, current)
