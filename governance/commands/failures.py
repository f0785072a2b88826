"""Which failures are answers to the person at the keyboard, and how they are said."""

from filelock import Timeout
from sqlalchemy.exc import SQLAlchemyError

from connectors.problems import is_out_of_room
from governance.catalogue.model import CatalogueError
from governance.contracts.model import ContractError
from governance.decisions.opa_server import PolicyEngineError
from governance.federation import DeclarationError
from governance.identity.refused import KeycloakRefused
from governance.identity.signing_keys import SigningKeyError
from governance.pipeline.failures import StepFailed
from governance.pipeline.publish import NothingShared
from governance.pipeline.warehouse import BuildFailed
from governance.state.database import StateOfAnotherVersion
from governance.state.move import StateThere

_KNOWN = (
    BuildFailed,
    CatalogueError,
    ContractError,
    DeclarationError,
    KeycloakRefused,
    NothingShared,
    PolicyEngineError,
    SigningKeyError,
    StateOfAnotherVersion,
    StateThere,
    StepFailed,
)


def in_words(error: Exception, also: tuple[type[Exception], ...] = ()) -> str | None:
    """Return what to say of a failure that is known, here or to the caller (``also``); None for a defect of ours."""
    if is_out_of_room(error):
        return (
            "archipel: plus de place sur le disque : voyez df -h, libérez-en, puis recommencez. Rien n'est perdu.\n"
            "archipel: no room left on the disk: see df -h, make some, then try again. Nothing is lost."
        )
    if isinstance(error, (*_KNOWN, *also)):
        return f"archipel: {error}"
    if isinstance(error, Timeout):
        return f"archipel: another run holds {error.lock_file}; wait for it to end, then try again."
    if isinstance(error, SQLAlchemyError):
        return f"archipel: the state database cannot be used: {str(error).splitlines()[0]}"
    return None
