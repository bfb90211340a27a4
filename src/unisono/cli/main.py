"""`unisono`: the list of commands, and the one border at which errors become a line and an exit code.

Each command stands in its own file and imports what it needs when it runs: `--help` loads no server and no numpy.
"""

from __future__ import annotations

import sys

import typer

from unisono import __version__
from unisono.cli import (
    add,
    advise,
    agree,
    config,
    demo,
    doctor,
    evaluate,
    export,
    figures,
    fit,
    keys,
    log,
    models,
    policies,
    probe,
    promote,
    replace,
    retire,
    route,
    rules,
    serve,
    shadow,
)
from unisono.config.threads import one_thread
from unisono.errors import UnisonoError

app = typer.Typer(
    name="unisono",
    help="Many models, one voice: a router for language models that shows what it picked and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
serve.add_to(app)
demo.add_to(app)
route.add_to(app)
models.app.command("probe")(probe.probe)
models.app.command("add")(add.add)
models.app.command("replace")(replace.replace)
models.app.command("retire")(retire.retire)
models.app.command("figures")(figures.figures)
agree.add_to(models.app)
app.add_typer(models.app, name="models")
app.add_typer(log.app, name="log")
app.add_typer(keys.app, name="keys")
app.add_typer(config.app, name="config")
app.add_typer(policies.app, name="policies")
app.add_typer(rules.app, name="rules")
app.command("shadow")(shadow.shadow)
app.command("promote")(promote.promote)
app.command("rollback")(promote.rollback)
app.command("advise")(advise.advise)
app.command("fit")(fit.fit)
app.command("doctor")(doctor.doctor)
app.command("evaluate")(evaluate.evaluate)
app.command("export")(export.export)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"unisono {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """Many models, one voice."""


def main() -> None:
    """Run the command line; 0 done, 1 failed, 2 wrong use.

    Every command adds as the server does, by one thread: several add in another order, and then what the server
    decided could not be recomputed to the last bit.
    """
    one_thread()
    try:
        app()
    except UnisonoError as error:
        print(f"unisono: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
