"""The command line: its commands, and the one place that turns exceptions into a line and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from typing import Any, TextIO

import click

from hyogo_pc import translate
from hyogo_pc.progress import warn
from pointcloud.errors import DataWarning, HyogoError
from pointcloud.machine.limits import LIMITS, set_limit
from pointcloud.messages import LANGUAGES, default_language, say, set_language

COMMANDS = {
    "plan": "hyogo_pc.plan",
    "grid": "hyogo_pc.grid",
    "classify": "hyogo_pc.classify",
    "status": "hyogo_pc.status",
    "verify": "hyogo_pc.verify",
    "relief": "hyogo_pc.relief",
    "viewshed": "hyogo_pc.viewshed",
    "map": "hyogo_pc.map",
    "profile": "hyogo_pc.profile",
    "view": "hyogo_pc.view",
    "info": "hyogo_pc.info",
    "check": "hyogo_pc.check",
    "convert": "hyogo_pc.convert",
    "mosaic": "hyogo_pc.mosaic",
    "sheet": "hyogo_pc.sheet",
    "sites": "hyogo_pc.sites",
    "sample": "hyogo_pc.sample",
}
"""Module of each command, imported when it is needed; each holds a ``command``."""

_LANGUAGE = "--lang"
_LIMIT = "--limit"
_VERBOSE = re.compile(r"--verbose|-(v+)")
_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or ``None`` if there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        command.options_metavar = say("cli.options_metavar")
        return command


def app() -> click.Group:
    """Return the root command, with its texts in the language in use."""

    @click.group(
        "hyogo-pc",
        cls=LazyGroup,
        help=say("cli.help"),
        epilog=say("cli.epilog"),
        options_metavar=say("cli.options_metavar"),
        subcommand_metavar=say("cli.subcommand_metavar"),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    @click.option("--lang", type=click.Choice(LANGUAGES), help=say("cli.lang"))
    @click.option("-v", "--verbose", count=True, help=say("cli.verbose"))
    @click.option(
        _LIMIT,
        multiple=True,
        metavar="NAME=VALUE",
        callback=_set_limits,
        help=say("cli.limit", names=", ".join(LIMITS)),
    )
    @click.version_option(package_name="hyogo-pc", prog_name="hyogo-pc")
    def root(lang: str | None, verbose: int, limit: tuple[str, ...]) -> None:
        _set_up_logging(verbose)

    return root


def _set_limits(ctx: click.Context, option: click.Parameter, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Set the limits for this process and its workers."""
    for text in texts:
        try:
            set_limit(text)
        except ValueError:
            raise click.BadParameter(say("cli.limit_wrong", text=text, names=", ".join(LIMITS))) from None
    return texts


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, ``sys.argv`` by default, and return its exit code.

    0 done, 1 failed, 2 wrong usage or CRS, 130 interrupted.
    """
    arguments, language, verbosity = hoist(sys.argv[1:] if argv is None else argv)
    if language:
        os.environ["HYOGO_PC_LANG"] = language  # worker processes speak it too
    set_language(language or default_language())
    translate.install()
    for stream in (sys.stdout, sys.stderr):
        _make_robust(stream)
    code = _run(arguments, verbosity)
    try:
        sys.stdout.flush()
    except OSError:
        _mute_stdout()
    return code


def hoist(arguments: Sequence[str]) -> tuple[list[str], str | None, int]:
    """Return the arguments with those for the program as a whole at the front, wherever the user wrote them.

    The language is needed before any command is imported, because that is when help texts are made.

    Returns
    -------
    arguments : list of str
    language : str or None
        Value of ``--lang``, if it is a language there is.
    verbosity : int
        Number of ``-v``.
    """
    front: list[str] = []
    rest: list[str] = []
    language: str | None = None
    verbosity = 0
    waiting = iter(arguments)
    for argument in waiting:
        verbose = _VERBOSE.fullmatch(argument)
        if argument == "--":
            rest += [argument, *waiting]
        elif argument.partition("=")[0] == _LIMIT:
            front += [argument] if "=" in argument else [argument, *islice(waiting, 1)]
        elif argument.partition("=")[0] == _LANGUAGE:
            language = argument.partition("=")[2] or next(waiting, "")
            front += [f"{_LANGUAGE}={language}"] if language else [_LANGUAGE]
        elif verbose:
            front.append(argument)
            verbosity += len(verbose[1] or "v")
        else:
            rest.append(argument)
    return front + rest, language if language in LANGUAGES else None, verbosity


def _run(arguments: list[str], verbosity: int) -> int:
    """Run the command; every exception ends here."""
    try:
        code = app().main(arguments, prog_name="hyogo-pc", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _tell(say("cli.interrupted"), _INTERRUPTED)
    except SystemExit as end:  # Click's answer to a reader that has gone away
        return end.code if isinstance(end.code, int) else 1
    except Exception as error:
        if verbosity >= 2:
            import traceback

            traceback.print_exc()
        return _tell(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    """Return what to say of an exception, and the exit code."""
    if isinstance(error, HyogoError):
        return say("cli.error", text=error), error.exit_code
    if isinstance(error, MemoryError):
        return say("cli.memory"), 1
    if isinstance(error, OSError) and error.strerror:
        return say("cli.error", text=f"{error.filename or 'hyogo-pc'}: {error.strerror}"), 1
    return say("cli.bug", kind=type(error).__name__, text=error), 1


def _tell(text: str, code: int) -> int:
    """Say one line on stderr and return the code."""
    with contextlib.suppress(OSError):
        click.echo(" ".join(text.split("\n")), err=True)
    return code


def _set_up_logging(verbosity: int) -> None:
    """Keep the libraries quiet unless they are asked for: 1 their warnings, 2 what they do as well."""
    import logging

    if verbosity:
        logging.basicConfig(level=logging.WARNING if verbosity == 1 else logging.INFO)
    else:
        logging.getLogger().addHandler(logging.NullHandler())
        warnings.simplefilter("ignore")
    warnings.filterwarnings("always", category=DataWarning)
    show = warnings.showwarning

    def shown(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if issubclass(category, DataWarning):
            warn(message)
        else:
            show(message, category, *where)

    warnings.showwarning = shown  # type: ignore[assignment]


def _make_robust(stream: TextIO) -> None:
    """Let a stream write what its encoding lacks (a Japanese Windows console has no é) instead of failing."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")


def _mute_stdout() -> None:
    """Send what a reader that has gone away did not take to nowhere, lest the interpreter complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
