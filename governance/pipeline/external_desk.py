"""A catalogue of others, asked from the console: beside the server, one at a time, written into the journal first."""

from multiprocessing.process import BaseProcess

from governance.journal.journal import Journal
from governance.lake import Lake
from governance.pipeline.beside import be_beside, begin_beside, end_beside
from governance.pipeline.external import ask_external, journal_asked
from governance.pipeline.locks import hold_if_free
from governance.platform import open_platform
from governance.settings import Settings

_LOCK = "external"


class ExternalDesk:
    """Where a catalogue of others is asked at once, and it is known whether one is being asked."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._settings, self._journal = settings, journal
        self._lake = Lake(settings.state_dir / "lake")
        self._process: BaseProcess | None = None

    def ask(self, catalogue_id: str, who: str) -> bool:
        """Begin to ask a declared catalogue; False where one is being asked already, and then nothing is written.

        Raises:
            SQLAlchemyError: the journal could not be written; nothing was begun.
        """
        lock = hold_if_free(self._lake, _LOCK)
        if lock is None:
            return False
        try:
            journal_asked(self._journal, catalogue_id, who)
        except BaseException:
            lock.release()
            raise
        self._process = begin_beside(lock, _work, (self._settings, catalogue_id))
        return True

    def is_asking(self) -> bool:
        """Whether one is being asked from a page of this machine."""
        lock = hold_if_free(self._lake, _LOCK)
        if lock is None:
            return True
        lock.release()
        return False

    def close(self) -> None:
        """End what is under way; what was known stays."""
        end_beside(self._process)


def _work(settings: Settings, catalogue_id: str) -> None:
    """Ask one, in a process of its own."""
    be_beside()
    ask_external(open_platform(settings), only=catalogue_id, is_due=False)
