"""The `coursekit` command: one line here for each subcommand, the work elsewhere.

A subcommand is the function `main` of its module; its parameters are the options. The
module is imported when it is asked for, so `coursekit --help` answers at once and
`coursekit doctor` runs without torch.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from coursekit import streams
from coursekit.course_folder import missing

# subcommand -> (module of coursekit with a `main(...) -> int`, one line of help)
COMMANDS = {
    "doctor": ("doctor.command", "what works here, what is missing, how to get it"),
    "weave": ("weave.command", "build the notebooks from their sources"),
    "progress": ("checks.progress_command", "what you have solved so far"),
    "claims": ("weave.claims_command", "every claim of the lectures, and its verdict"),
    "measure": ("experiments.measure", "run the figures' experiments"),
    "check": ("grading.precheck", "what a grader will find in your notebook"),
    "grade": ("grading.grade_command", "grade submitted notebooks, for teachers"),
    "merge": ("grading.merge", "one class report from several machines"),
    "release": ("grading.release", "what a teacher hands out, without solutions"),
    "train": ("training.train_command", "train a recipe: NAME --profile quick"),
    "recipes": ("training.recipes_command", "the recipes and their checkpoints"),
    "sample": ("pipeline.sample_command", "draw what a prompt says, as a PNG file"),
    "edit": (
        "pipeline.edit_command",
        "edit a picture by operations that a list allows",
    ),
    "provenance": (
        "pipeline.provenance_command",
        "what a picture says of where it comes from, and who signed that",
    ),
    "evaluate": ("pipeline.evaluate_command", "one card of what a model is worth"),
    "write": (
        "pipeline.write_command",
        "write a scene's program, or fill a gap in code",
    ),
    "arena": ("arena.command", "vote blindly between two of our models"),
}
NEEDING = set(COMMANDS) - {"doctor", "progress", "merge"}  # the course's folder


class Commands(TyperGroup):
    """The subcommands, each imported on first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The subcommand of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"coursekit.{COMMANDS[cmd_name][0]}")
        single = typer.Typer(**_PLAIN, add_completion=False)
        single.command(cmd_name)(module.main)
        return typer.main.get_command(single)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One line each in `--help`, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


_PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
app = typer.Typer(**_PLAIN, cls=Commands)


def _version(asked: bool) -> None:
    if asked:
        from coursekit import __version__

        print(f"coursekit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """The workbook of the course Diffusion & Large Vision Models."""


def run(argv: Sequence[str]) -> int:
    """Run one command line; its exit status: 0 done, 2 bad input, 130 stopped."""
    name = next((word for word in argv if not word.startswith("-")), "")
    shown = f"coursekit {name}" if name in COMMANDS else "coursekit"
    if name in NEEDING and (problem := missing()) and not {"-h", "--help"} & set(argv):
        print(f"{shown}: {problem}", file=sys.stderr)
        return 1
    try:
        command = typer.main.get_command(app)
        words = list(argv) or ["--help"]
        # Not command.main, which would answer Ctrl-C itself, without a word.
        with command.make_context("coursekit", words) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as done:
        return done.exit_code
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "coursekit":
            raise  # our own mistake: the traceback says where
        said = (
            f"{str(error).splitlines()[0]}. "
            "`coursekit doctor` says what is missing and how to get it"
        )
        print(f"{shown}: {said}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        print(f"{shown}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, typer.Abort):
        print("\nStopped. Nothing is lost: run it again.", file=sys.stderr)
        return 130
    except Exception as error:
        if not hasattr(error, "format_message"):  # not about the command line
            raise
        said = " ".join(error.format_message().split()).rstrip(".")
        print(f"{shown}: {said}. Try: {shown} --help", file=sys.stderr)
        return 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status.

    An output that closed early (`| head`) is no failure; one that is full is.
    """
    out, err = streams.steady()
    status = run(sys.argv[1:] if argv is None else argv)
    out.flush()
    closed = isinstance(out.problem, BrokenPipeError)
    if out.problem is not None:
        if not closed:
            err.write(f"coursekit: the output could not be written: {out.problem}\n")
            status = status or 1
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)  # what is still in the buffer has nowhere to go
    err.flush()
    sys.exit(status)
