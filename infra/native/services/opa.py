"""The policy engine; it fetches the policies in force from the platform, and is ready once it decides by them."""

from governance.decisions.opa_server import OPA_ENVIRONMENT, opa_command
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
    own_environment=lambda _settings: OPA_ENVIRONMENT,
    port="opa_port",
    is_ready=answers_at("opa_port", "/health?bundles"),
    # So that its first question is answered; without the platform it goes on by the bundles that it kept.
    needs=("console",),
    obtain=_obtain,
    configure=_configure,
)
