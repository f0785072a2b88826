"""Harvest: ask each source, land its bytes, check its rows, keep the last good ones, write a receipt.

Sources are asked side by side; files of one contract that came together are checked in one pass, however many they
are. One source that fails, is held or sends rubbish gets its receipt and never stops another.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from datetime import UTC, datetime

from connectors.problems import is_out_of_room
from connectors.registry import is_nearby
from governance.by_size import part_by_size
from governance.contracts.model import Contract
from governance.intake.examine import examine
from governance.intake.model import ReceivedFile
from governance.pipeline.fetch import fetch
from governance.pipeline.leftovers import incoming
from governance.pipeline.references import find_references
from governance.pipeline.settle import Arrival, Ask, NothingNew, failed_receipt, settle, settle_without_rows
from governance.pipeline.words import our_fault
from governance.platform import Platform
from governance.state.cursors import find_cursors
from governance.state.receipts import Receipt
from governance.state.standing import begin_checks
from governance.telemetry.trace_context import step

log = logging.getLogger(__name__)

AWAY_AT_ONCE = 8
"""Sources on the network asked at the same time: to ask them is to wait."""
NEARBY_AT_ONCE = 2
"""Sources on disks of this machine read at the same time: there more threads only wait for one another, and a hundred
small files cost a quarter more with eight. Two, so that a share that is slow does not hold up every other."""
PATIENCE_SECONDS = 2.0
"""How long what has come waits for others to be checked with; a slow town hall delays nobody for longer."""
BATCH_BYTES = 64 * 1024 * 1024
"""Received bytes checked in one pass: enough that a pass is worth starting, little enough for memory."""


def harvest(platform: Platform, asks: Sequence[Ask], say: Callable[[Receipt], None] = lambda _: None) -> list[Receipt]:
    """Run sources and return their receipts, in the order in which they were settled.

    ``say`` is called with each receipt as soon as it is kept, for progress.
    """
    with step("harvest"):
        return _harvest(platform, asks, say)


def _harvest(platform: Platform, asks: Sequence[Ask], say: Callable[[Receipt], None]) -> list[Receipt]:
    receipts: list[Receipt] = []
    limits = platform.limits
    keys = [_key(ask) for ask in asks]
    cursors = find_cursors(platform.engine, keys)
    begin_checks(platform.engine, keys, datetime.now(UTC))
    # Threads because fetching is waiting: a town hall that is slow or down must not delay the nine others.
    with (
        incoming(platform.lake) as folder,
        ThreadPoolExecutor(AWAY_AT_ONCE, thread_name_prefix="fetch") as away,
        ThreadPoolExecutor(NEARBY_AT_ONCE, thread_name_prefix="read") as nearby,
    ):
        # A thread starts without what its maker works for, the id among it.
        asked = {
            (nearby if is_nearby(ask[1].connector) else away).submit(
                copy_context().run, fetch, platform, limits, folder, ask, cursors.get(_key(ask))
            ): ask
            for ask in asks
        }
        for came in _in_turns(asked, platform):
            for kept in _settle_all(platform, came):
                receipts += kept
                for receipt in kept:
                    log.info("%s/%s: %s", receipt.member_id, receipt.source_id, receipt.outcome, extra=_facts(receipt))
                    say(receipt)
    return receipts


def _facts(receipt: Receipt) -> dict[str, object]:
    """What a log line says of a receipt beyond its words."""
    return receipt.model_dump(include={"run_id", "dataset", "rows_in", "rows_accepted", "rows_quarantined"})


def _key(ask: Ask) -> tuple[str, str]:
    return ask[0].id, ask[1].id


def _in_turns(
    asked: dict[Future[Arrival | NothingNew], Ask], platform: Platform
) -> Iterator[list[Arrival | NothingNew]]:
    """Give what has come each time that everything has, or that patience ends.

    A file that refers to a dataset of which its member's own is still on its way waits for that one.
    """
    kept_back: list[Arrival | NothingNew] = []
    left = set(asked)
    while left:
        done, left = wait(left, timeout=PATIENCE_SECONDS)
        on_their_way = {(asked[future][0].id, asked[future][1].dataset) for future in left}
        came = [*kept_back, *(future.result() for future in done)]
        kept_back, ready = list[Arrival | NothingNew](), list[Arrival | NothingNew]()
        for item in came:
            (kept_back if _waits_for(item, platform, on_their_way) else ready).append(item)
        if ready:
            yield ready


def _waits_for(item: Arrival | NothingNew, platform: Platform, on_their_way: set[tuple[str, str]]) -> bool:
    if not isinstance(item, Arrival) or not on_their_way:
        return False
    referred = platform.order.referred_to(platform.contracts[item.ask[1].dataset])
    return any((item.ask[0].id, dataset) in on_their_way for dataset in referred)


def _settle_all(platform: Platform, came: Sequence[Arrival | NothingNew]) -> Iterator[list[Receipt]]:
    nothing_new = [item for item in came if isinstance(item, NothingNew)]
    if nothing_new:
        yield settle_without_rows(platform, nothing_new)
    by_contract: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    contracts: dict[tuple[str, str], Contract] = {}
    for item in came:
        if isinstance(item, Arrival):
            contract = platform.contract_of(item.ask[1])
            assert contract is not None  # it was fetched by it
            by_contract[contract.id, contract.version].append(item)
            contracts[contract.id, contract.version] = contract
    for key in sorted(by_contract, key=lambda key: (platform.order.rank(key[0]), key)):
        arrivals = sorted(by_contract[key], key=lambda arrival: arrival.key)
        for batch in part_by_size(arrivals, lambda arrival: arrival.size, BATCH_BYTES):
            yield settle_arrivals(platform, contracts[key], batch)


def settle_arrivals(platform: Platform, contract: Contract, arrivals: Sequence[Arrival]) -> list[Receipt]:
    """Check landed files of one contract in one pass and settle them; one by one where the pass breaks.

    Raises:
        OSError, SQLAlchemyError: the disk or the database refused; nothing of the batch is kept.
    """
    files = [
        ReceivedFile.of(
            arrival.ask[1],
            key=arrival.run_id,
            path=platform.lake.landed(arrival.sha256),
            filename=arrival.file_name,
            sha256=arrival.sha256,
            owner=arrival.key[0],
        )
        for arrival in arrivals
    ]
    references = find_references(platform, contract, {arrival.key[0] for arrival in arrivals})
    try:
        with step("validate", {"archipel.contract": contract.id, "archipel.files": len(files)}):
            examined = examine(files, contract, references.rows)
    except Exception as error:  # kept this wide because a file that breaks the pass must not take the others along
        is_known = is_out_of_room(error)
        log.error("%s: a pass over %s files broke: %s", contract.id, len(arrivals), error, exc_info=not is_known)
        why = our_fault(error)
    else:
        try:
            with step("settle", {"archipel.contract": contract.id}):
                return settle(platform, contract, list(zip(arrivals, examined, strict=True)), references)
        except Exception as error:
            if not is_out_of_room(error):
                raise
            log.error("%s: no room left for the rows of %s files: %s", contract.id, len(arrivals), error)
            why = our_fault(error)
    if len(arrivals) > 1:
        return [receipt for arrival in arrivals for receipt in settle_arrivals(platform, contract, [arrival])]
    known = find_cursors(platform.engine, [a.key for a in arrivals])
    broken = [NothingNew(failed_receipt(a.ask, a.run_id, a.started_at, why, known.get(a.key))) for a in arrivals]
    return settle_without_rows(platform, broken)
