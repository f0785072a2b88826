"""How the example sites answer, path by path: ``behaviour.yaml`` beside the files, typed."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

BEHAVIOUR = "behaviour.yaml"


class Behaviour(BaseModel):
    """How a path answers; the default is a well-kept server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    validators: Literal["both", "etag", "last_modified", "none"] = "both"
    ranges: bool = Field(True, description="answers Range with 206")
    bare_304: bool = Field(False, description="does not repeat the validators in a 304, though it should")
    head: bool = Field(True, description="knows HEAD; otherwise answers it with 405")
    status: int | None = Field(None, description="answers this status and no file")
    retry_after: str | None = Field(None, description="Retry-After sent with that status")
    redirect: str | None = Field(None, description="Location of a 302")
    first: int | None = Field(None, description="misbehaves for that many requests, then behaves")
    slow_seconds: float = Field(0, description="pause before each piece of the body")
    piece_bytes: int = Field(64 * 1024, gt=0)
    cut_after: int | None = Field(None, description="closes the connection after that many bytes of body")
    endless: bool = Field(False, description="repeats the file for ever, without Content-Length")
    bomb_bytes: int | None = Field(None, description="answers that many zeros, compressed")
    gzipped: bool = Field(False, description="compresses the body")
    filename: str | None = Field(None, description="name in Content-Disposition")


def behaviour_of(path: str, root: Path) -> Behaviour:
    """How a path of the sites under ``root`` is declared to behave: the longest prefix that fits wins.

    Raises:
        pydantic.ValidationError: a behaviour is misspelt.
    """
    file = root / BEHAVIOUR
    known = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.is_file() else {}
    fitting = max((prefix for prefix in known if path.startswith(prefix)), key=len, default=None)
    return Behaviour.model_validate(known[fitting]) if fitting is not None else Behaviour()
