"""How a step fails, told apart by what to do about it. Light on purpose: DAG files import this when parsed."""


class StepFailed(RuntimeError):
    """A step did not do its work; the message is in words for the operator."""


class SourceDidNotAnswer(StepFailed):
    """The source is down or slow; trying again later is sensible."""


class NoRoomLeft(StepFailed):
    """The platform's own disk, or the state database's, is full; trying again once there is room is sensible."""

    def __init__(self) -> None:
        super().__init__(
            "Plus de place sur le disque : voyez df -h, libérez-en ; la tâche reprend d'elle-même. Rien n'est perdu. "
            "No room left on the disk: see df -h, make some; the task goes on by itself. Nothing is lost."
        )


class SourceRefused(StepFailed):
    """The source said no (a 4xx, a forbidden address, a wrong option); trying again changes nothing."""


class JournalBroken(StepFailed):
    """The journal's chain is broken; the message names the first bad entry. Trying again mends nothing."""


class StepHadFailures(StepFailed):
    """Part of the step failed and kept its last good state; the message names each part."""
