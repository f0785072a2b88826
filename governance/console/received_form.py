"""A form with a file, read in bounded size: what is too large is refused on the way, and nothing is kept."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from governance.api.feeds import Words
from governance.api.problems import ProblemError
from governance.api.words import reason
from governance.console.entrance import require_own_form
from governance.console.why import FormFault

MAX_BYTES = 20 << 20
"""Largest file that may be handed in here; larger ones are for a source."""
_AROUND = 64 << 10
"""What the other fields and the borders between them may take."""


class TooLarge(MultiPartException):  # noqa: N818 - kept because it is named after the fact it states
    """More bytes than a form may have."""


@dataclass(frozen=True)
class ReceivedForm:
    """The fields of a form, and the file with the name that the sender gives it; null where none was chosen."""

    fields: dict[str, str]
    file: UploadFile | None

    def file_faults(self, too_large: Words) -> Iterator[FormFault]:
        """Give what is wrong with the file before it is looked at: none was chosen, or it is too large."""
        if self.file is None:
            yield FormFault(field="file", message=Words(fr="Choisissez un fichier.", en="Choose a file."))
        elif (self.file.size or 0) > MAX_BYTES:
            yield FormFault(field="file", message=too_large)

    def kept_for_now(self) -> "_ForNow":
        """Return the file at a path that is gone when the block ends."""
        return _ForNow(self)


class _ForNow(AbstractContextManager[Path]):
    def __init__(self, form: ReceivedForm) -> None:
        self._form, self._folder = form, TemporaryDirectory(prefix="archipel-form-")

    def __enter__(self) -> Path:
        assert self._form.file is not None
        # The sender's own name is shown and never used as a path.
        path = Path(self._folder.name) / "file"
        with path.open("wb") as written:
            while piece := self._form.file.file.read(1 << 20):
                written.write(piece)
        return path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()
        if self._form.file is not None:
            self._form.file.file.close()


async def _capped(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BYTES + _AROUND:
            raise TooLarge("too large")
        yield piece


async def read_form(request: Request) -> ReceivedForm:
    """Read a ``multipart/form-data`` body (RFC 7578) with one file at most.

    Raises:
        TooLarge: more than ``MAX_BYTES``; the rest was not read.
        ProblemError: 403, no such form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise ProblemError(403, reason("form_not_ours"))
    try:
        form = await MultiPartParser(request.headers, _capped(request), max_files=1, max_fields=8).parse()
    except TooLarge:
        raise
    except (MultiPartException, KeyError) as error:
        # The parser takes it for granted that a form of its kind says how its parts are told apart.
        raise ProblemError(403, reason("form_not_ours")) from error
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    files = [value for value in form.values() if isinstance(value, UploadFile) and value.filename]
    return ReceivedForm(fields, files[0] if files else None)


async def read_own_fields(request: Request) -> dict[str, str]:
    """Return the fields of a form of ours that takes no file.

    Raises:
        ProblemError: 403, it does not come from a page of ours in this session, or is larger than any of ours.
    """
    try:
        form = await read_form(request)
    except TooLarge as error:
        raise ProblemError(403, reason("form_not_ours")) from error
    require_own_form(request, form.fields)
    return form.fields
