"""What servers say when they refuse, read from the body of their answer and made fit for a message.

Each protocol has its own form of error; all of them are a few fields of JSON or a few elements of XML. The texts are
the server's, in its language, and come from outside: they are cut, cleaned, and never bear the secret that was sent.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import SecretStr

WORDS_BYTES = 64 * 1024
_SHOWN_LETTERS = 300


def plain(text: str, secrets: Iterable[SecretStr] = ()) -> str:
    """One line of at most 300 printable letters, without any of the secrets nor the last word of one."""
    for secret in secrets:
        value = secret.get_secret_value()
        for part in {value, value.rpartition(" ")[2]} - {""}:
            text = text.replace(part, "***")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _SHOWN_LETTERS else line[: _SHOWN_LETTERS - 1] + "…"


def json_words(*paths: str) -> Callable[[bytes], str]:
    """Return a reader of the values at these dotted paths; a list is read through, what is absent is left out."""

    def read(body: bytes) -> str:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return ""
        return ", ".join(str(found) for path in paths for found in _at(value, path.split(".")))

    return read


def xml_words(*tags: str) -> Callable[[bytes], str]:
    """Return a reader of the texts of these elements, whatever their namespace."""

    def read(body: bytes) -> str:
        try:
            root = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            return ""
        texts = ((element.tag.rpartition("}")[2], element.text) for element in root.iter())
        return ", ".join(text.strip() for tag, text in texts if tag in tags and text and text.strip())

    return read


def first_words(*readers: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """Return a reader that asks each of these until one understands."""
    return lambda body: next((said for reader in readers if (said := reader(body))), "")


def _at(value: Any, path: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path:
        return [value] if isinstance(value, str | int | float) and value != "" else []
    return _at(value.get(path[0]), path[1:]) if isinstance(value, dict) else []
