"""The secret of a source: a declaration refers to it, and only here does the reference become a value.

Two forms: ``env:NAME``, a variable whose name begins with the setting ``secret_prefix``, and ``file:/path``, a file in
one of ``secret_folders`` (as Docker, Kubernetes and systemd lay them there). A declaration can thus name no variable of
the platform itself and no other file. Where two parts are needed the value is ``name:secret``
(``connectors.credentials``). Nothing found is a problem of its own, never an empty secret.
"""

from pathlib import Path

from pydantic import SecretStr

from connectors.problems import ConnectorProblem
from governance.settings import Settings, read_variable

_MAX_BYTES = 64 * 1024


class SecretMissing(ConnectorProblem):
    """A source refers to a secret that is not there, or may not be read; the text names the reference only."""

    code = "secret_missing"

    def __init__(self, reference: str, reason_fr: str, reason_en: str) -> None:
        super().__init__(
            f"Le secret « {reference} » de la source manque : {reason_fr}.",
            f"The source's secret {reference!r} is missing: {reason_en}.",
            "Donnez ce secret à l'installation, ou corrigez sa référence dans la déclaration de la source.",
            "Give this secret to the installation, or mend its reference in the source's declaration.",
        )


def resolve_secret(settings: Settings, reference: str) -> SecretStr:
    """Return the value that a source's ``secret`` refers to; line ends around it are not part of it.

    Raises:
        SecretMissing: there is none, it is empty, or it lies where no secret may be read.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _of_variable(settings, reference, name)
    if kind == "file":
        return _of_file(settings, reference, Path(name))
    raise SecretMissing(reference, "ce n'est ni env: ni file:", "it is neither env: nor file:")


def _of_variable(settings: Settings, reference: str, name: str) -> SecretStr:
    try:
        value = read_variable(settings, name)
    except PermissionError:
        prefix = settings.secret_prefix
        words = (f"son nom ne commence pas par {prefix}", f"its name does not begin with {prefix}")
        raise SecretMissing(reference, *words) from None
    if value is None:
        raise SecretMissing(reference, "la variable n'est pas définie", "the variable is not set")
    return value


def _of_file(settings: Settings, reference: str, path: Path) -> SecretStr:
    if not any(path.resolve().is_relative_to(folder.resolve()) for folder in settings.secret_folders):
        words = ("ce dossier n'est pas de ceux des secrets", "this folder is not one of those of secrets")
        raise SecretMissing(reference, *words)
    try:
        with path.open("rb") as file:
            value = file.read(_MAX_BYTES).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise SecretMissing(reference, "le fichier est illisible", "the file cannot be read") from None
    if not value.strip():
        raise SecretMissing(reference, "le fichier est vide", "the file is empty")
    return SecretStr(value)
