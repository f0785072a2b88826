"""Why a notice could not be delivered, in words for the member's page."""


class NotDelivered(RuntimeError):  # noqa: N818 - kept because it is named after the fact it states
    """Nobody took the message, or nobody knows.

    ``is_final``: trying again changes nothing. ``is_of_all``: whatever else goes the same way would fail as well.
    """

    def __init__(self, failure_fr: str, failure_en: str, *, is_final: bool = False, is_of_all: bool = False) -> None:
        super().__init__(failure_en)
        self.failure_fr = failure_fr
        self.failure_en = failure_en
        self.is_final = is_final
        self.is_of_all = is_of_all
