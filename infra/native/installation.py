"""What a start settles for its state folder: written beside the state, so that commands typed later agree with it."""

from governance.kept_secrets import write_privately
from governance.settings import SETTLED_FILE, Settings, settings_beside
from infra.native.service import StartFailed


def require_same_state(settings: Settings) -> None:
    """Refuse to begin a second state beside one that lies in PostgreSQL.

    Raises:
        StartFailed: the folder's state was moved there by an earlier start; the message says what to do.
    """
    settled = settings_beside(settings.state_dir).database_address
    if settings.database_address.startswith("sqlite") and not settled.startswith("sqlite"):
        raise StartFailed(
            f"The state of {settings.state_dir} lies in PostgreSQL since it was started with PROFILE=full. "
            "Start it so again (make run PROFILE=full), or choose another folder: ARCHIPEL_STATE_DIR=…"
        )


def settle(asked: Settings, adapted: Settings) -> None:
    """Write what a profile has chosen where the environment said nothing; never a secret."""
    lines = []
    for name in Settings.model_fields:
        chosen = getattr(adapted, name)
        if chosen != getattr(asked, name):
            lines.append(f"ARCHIPEL_{name.upper()}='{chosen}'\n")
    write_privately(asked.state_dir / SETTLED_FILE, "".join(lines))
