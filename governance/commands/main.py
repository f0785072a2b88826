"""``archipel``: every subcommand, and the one place where a failure becomes words instead of a stack trace."""

import sys

import typer

from governance.commands import journal, policy
from governance.commands.check import check
from governance.commands.decide import decide
from governance.commands.job import harmonise, harvest, publish, run
from governance.commands.token import token

app = typer.Typer(
    name="archipel",
    help="Harvest, check, harmonise, decide and publish the data of an intercommunal federation.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (run, harvest, harmonise, publish, check, decide, token):
    app.command(command.__name__)(command)
app.add_typer(journal.app, name="journal")
app.add_typer(policy.app, name="policy")


def main() -> None:
    """Run the command line; a failure we know is said in one line and ends with 2."""
    from governance.commands.failures import in_words

    try:
        app()
    except Exception as error:
        words = in_words(error)
        if words is None:
            raise
        typer.echo(words, err=True)
        sys.exit(2)
