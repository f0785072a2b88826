"""What the steps work with, opened once: declarations, contracts, lake, state, policy engine, journal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import Engine

from connectors.base import Limits
from governance.contracts.earlier import Earlier, followed, load_earlier
from governance.contracts.model import Contract
from governance.contracts.odcs import load_contracts
from governance.contracts.order import Order
from governance.decisions.opa import OpaDecisionPoint, PolicyDecisionPoint
from governance.federation import Federation, Source, load_federation
from governance.journal.journal import Journal
from governance.lake import Lake
from governance.reach import example_site_of, limits_of
from governance.settings import Settings
from governance.state.database import open_database


@dataclass(frozen=True)
class Platform:
    """One installation, ready to work."""

    settings: Settings
    federation: Federation
    contracts: Mapping[str, Contract]
    lake: Lake
    engine: Engine
    pdp: PolicyDecisionPoint
    journal: Journal
    earlier: Earlier = field(default_factory=dict)

    def contract_of(self, source: Source) -> Contract | None:
        """The contract that a source follows: the current one of its dataset, or an earlier major version."""
        return followed(source.dataset, source.contract_major, self.contracts, self.earlier)

    @cached_property
    def order(self) -> Order:
        """In which order datasets are checked."""
        return Order(self.contracts)

    @property
    def limits(self) -> Limits:
        """How far connectors may go, by this installation's settings."""
        return limits_of(self.settings, example_site_of(self.settings, self.federation))


def open_platform(settings: Settings) -> Platform:
    """Read the declarations and open the state; nothing is fetched, asked or written to the lake.

    Raises:
        DeclarationError: a file of the federation is wrong; the message names it.
        ContractError: a contract is wrong; likewise.
    """
    federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    engine = open_database(settings.database_address)
    contracts = load_contracts(settings.federation_dir / "contracts")
    return Platform(
        settings=settings,
        federation=federation,
        contracts=contracts,
        earlier=load_earlier(settings.federation_dir / "contracts", contracts),
        lake=Lake(settings.state_dir / "lake"),
        engine=engine,
        pdp=OpaDecisionPoint.from_settings(settings),
        journal=Journal.from_settings(settings),
    )
