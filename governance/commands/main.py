"""``archipel``: every subcommand, and the one place where a failure becomes words instead of a stack trace."""

import sys

import typer

from governance.commands.lazily import LazyGroup

COMMANDS = {
    "run": "governance.commands.job:run",
    "harvest": "governance.commands.job:harvest",
    "harmonise": "governance.commands.job:harmonise",
    "publish": "governance.commands.job:publish",
    "check": "governance.commands.check:check",
    "map": "governance.commands.map:map_columns",
    "rehearse": "governance.commands.rehearse:rehearse",
    "report": "governance.commands.report:report",
    "upload": "governance.commands.upload:upload",
    "confirm": "governance.commands.confirm:confirm",
    "replay": "governance.commands.replay:replay",
    "delete": "governance.commands.delete:delete",
    "lineage": "governance.commands.lineage:lineage",
    "compare": "governance.commands.compare:compare",
    "notify": "governance.commands.notify:notify",
    "decide": "governance.commands.decide:decide",
    "identity": "governance.commands.identity:app",
    "token": "governance.commands.token:token",
    "journal": "governance.commands.journal:app",
    "policy": "governance.commands.policy:app",
    "contract": "governance.commands.contract:app",
    "external": "governance.commands.external:external",
    "new": "governance.commands.new:app",
    "docs": "governance.commands.docs:app",
}
"""Name to ``module:attribute``; imported when it is run."""


class Commands(LazyGroup):
    """The commands of this platform."""

    targets = COMMANDS


app = typer.Typer(
    name="archipel", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
)


@app.callback()
def archipel() -> None:
    """Harvest, check, harmonise, decide and publish the data of an intercommunal federation."""


def main() -> None:
    """Run the command line; a failure we know is said in one line and ends with 2."""
    try:
        app()
    except Exception as error:
        # Imported here because knowing every failure means importing every part of the platform.
        from governance.commands.failures import in_words

        words = in_words(error)
        if words is None:
            raise
        typer.echo(words, err=True)
        sys.exit(2)
