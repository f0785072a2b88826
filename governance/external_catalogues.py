"""A catalogue of others whose datasets stand beside ours, as ``federation/external/<id>.yaml`` declares it.

Which of its datasets concern the territory is declared too: a département's catalogue is mostly about elsewhere.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from governance.declaration import Declaration, SecretReference


class Kept(Declaration):
    """Which datasets are kept: those that meet any one of the conditions."""

    everything: bool = Field(False, description="all of them, where the options ask for the right ones already")
    territory: bool = Field(
        False, description="those whose place, title, keywords or publisher names the federation or a member"
    )
    places: tuple[str, ...] = Field((), description="INSEE codes, SIRENs or names among the places of a dataset")
    publishers: tuple[str, ...] = Field((), description="names of publishers, whole")
    words: tuple[str, ...] = Field((), description="words or names in the title, the keywords or the description")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.everything or self.territory or self.places or self.publishers or self.words):
            raise ValueError("say which datasets are kept: territory, places, publishers, words or everything")
        return self


class DeclaredCatalogue(Declaration):
    """One catalogue of others."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")
    name: str = Field(min_length=1, description="as people know it, such as a département's portal")
    homepage: str = Field(pattern=r"^https?://\S+$")
    connector: Literal["ckan", "datagouv", "dcat", "ods"]
    options: Mapping[str, Any]
    keep: Kept
    secret: SecretReference | None = None
    every_hours: int = Field(20, ge=1, le=24 * 31, description="how long its answer is good for")

    @model_validator(mode="after")
    def _is_a_catalogue(self) -> Self:
        """One file of a portal is a source, not a catalogue."""
        one_file = self.options.keys() & {"dataset", "resource", "distribution"}
        if one_file:
            raise ValueError(f"options name one dataset or file ({', '.join(sorted(one_file))}): that is a source")
        if self.connector != "dcat" and self.options.get("catalogue") is not True:
            raise ValueError(f"options of {self.connector} need catalogue: true")
        return self


def concerns(kept: Kept, record: Mapping[str, Any], names: Iterable[str], codes: Iterable[str]) -> bool:
    """Say whether a record is kept; ``names`` and ``codes`` are those of the federation and its members."""
    if kept.everything:
        return True
    places = [_plain(str(place)) for place in record.get("spatial", ())]
    publisher, title = _plain(str(record.get("publisher") or "")), _plain(str(record.get("title") or ""))
    told = " | ".join((title, *(_plain(str(each)) for each in record.get("keyword", ()))))
    wide = f"{told} | {_plain(str(record.get('description') or ''))}"
    if publisher and publisher in map(_plain, kept.publishers):
        return True
    if any(_names(word, wide) for word in kept.words):
        return True
    looked_for = [*kept.places, *((*names, *codes) if kept.territory else ())]
    if any(_names(place, each) for place in looked_for for each in places):
        return True
    return kept.territory and any(_names(name, f"{told} | {publisher}") for name in names)


def _plain(text: str) -> str:
    """Without accents, capitals, hyphens and the like: how people write names differs in these alone."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(each for each in letters if not unicodedata.combining(each))))


def _names(name: str, text: str) -> bool:
    """Whether a text that is plain already holds a name as whole words; ``Donges`` is not in ``Dongestan``."""
    plain = _plain(name)
    return bool(plain) and f" {plain} " in f" {text} "
