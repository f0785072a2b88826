"""The policy engine, with the policies that are in force."""

from governance.decisions.opa_server import opa_command
from governance.journal.journal import Journal
from governance.pipeline.in_force import put_in_force
from governance.settings import Settings
from infra.native.opa_binary import obtain_opa
from infra.native.service import Say, Service, answers_at


def _obtain(_settings: Settings, _say: Say) -> None:
    obtain_opa()


def _configure(settings: Settings, _say: Say) -> None:
    put_in_force(settings, Journal.from_settings(settings))


OPA = Service(
    name="opa",
    command=lambda settings: tuple(opa_command(settings)),
    port="opa_port",
    is_ready=answers_at("opa_port", "/health"),
    needs=("postgresql",),  # the policies that come into force are journalled
    obtain=_obtain,
    configure=_configure,
)
