"""``archipel docs``: write the reference pages from the code, and check that they are in step with it."""

import typer

app = typer.Typer(help="Docs: write or check the pages made from the code.", no_args_is_help=True, add_completion=False)


@app.command("write")
def write() -> None:
    """Write docs/reference from the code; pages already in step are left alone."""
    from governance.reference.pages import write_reference

    written = write_reference()
    typer.echo("\n".join(f"  docs/reference/{name}" for name in written) or "nothing to write")


@app.command("check")
def check() -> None:
    """Name the pages that differ from the code; ends with 1 if there are any."""
    from governance.reference.pages import find_stale

    stale = find_stale()
    for name in stale:
        typer.echo(f"docs/reference/{name} differs from the code; run archipel docs write", err=True)
    raise typer.Exit(1 if stale else 0)
