"""The command line as one program: `sgdmoments demo | regression | ...`; each command has its file beside this one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from sgdmoments import __version__
from sgdmoments.cli.check import check
from sgdmoments.cli.demo import demo
from sgdmoments.cli.network import network
from sgdmoments.cli.plan import plan
from sgdmoments.cli.regression import regression
from sgdmoments.cli.report import report
from sgdmoments.errors import SgdMomentsError

_LONGEST_MESSAGE = 1_200

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                  help="Exact moments of stochastic gradient descent as polynomials in 1/b (b = batch size).")
app.command()(demo)
app.command()(regression)
app.command()(network)
app.command()(report)
app.add_typer(check, name="check")
app.add_typer(plan, name="plan")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"sgdmoments {__version__}")
        raise typer.Exit()


@app.callback()
def _common(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True,
                                                  help="Show the version.")] = False) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process.

    Status 0; 1 (a check rejects); 2 (an error); 3 (a check is undecided); 130 (interrupted).
    """
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        status = app(args=given, prog_name="sgdmoments", standalone_mode=False, obj=given)
    except SgdMomentsError as error:
        _fail(str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; nothing was written.", 130)
    except BrokenPipeError:  # the reader of our output has gone: `... | head`
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        message = getattr(error, "format_message", None)  # the command-line parser's own errors
        if message is None:
            raise
        _fail(message(), 2)
    if status == 130:  # how newer versions of the parser report an interruption
        _fail("interrupted; nothing was written.", 130)
    sys.exit(status if isinstance(status, int) else 0)


def _one_line(message: str) -> str:
    """A message on one line that a terminal shows as it is: control characters escaped, the middle of long ones cut."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in " ".join(message.split()))
    cut = len(text) - _LONGEST_MESSAGE
    return text if cut <= 0 else f"{text[:_LONGEST_MESSAGE // 2]} [...] {text[-_LONGEST_MESSAGE // 2:]}"


def _fail(message: str, status: int) -> None:
    if message:
        sys.stderr.write(f"sgdmoments: error: {_one_line(message)}\n")
    sys.exit(status)
