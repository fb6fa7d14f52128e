"""The `coursekit` command: one line here for each subcommand, the work elsewhere.

Every import of a heavy library happens inside the function that a subcommand calls,
so `coursekit --help` answers at once and `coursekit doctor` runs without torch.
"""

import importlib
import sys

# subcommand -> (module of coursekit with a `main(argv) -> int`, one line of help)
COMMANDS = {
    "doctor": ("doctor.command", "what works here, what is missing, how to get it"),
    "weave": ("weave.command", "build the notebooks from their sources"),
    "progress": ("checks.progress_command", "what you have solved so far"),
    "claims": ("weave.claims_command", "every claim of the lectures, with its verdict"),
    "measure": ("experiments.measure", "run the figures' experiments"),
    "check": ("grading.precheck", "what a grader will find in your notebook"),
    "grade": ("grading.grade_command", "grade submitted notebooks, for teachers"),
    "merge": ("grading.merge", "one class report from several machines"),
    "release": ("grading.release", "what a teacher hands out, without solutions"),
    "train": ("training.train_command", "train a recipe: NAME --profile quick"),
    "recipes": ("training.recipes_command", "the recipes and their checkpoints"),
    "sample": ("pipeline.sample_command", "draw what a prompt says, as a PNG file"),
}


def usage() -> str:
    """One line for each subcommand."""
    lines = ["usage: coursekit COMMAND [--help]", ""]
    lines += [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Run one subcommand and exit with its status."""
    args = sys.argv[1:] if argv is None else argv
    if not args or args[0] in {"-h", "--help", "help"}:
        print(usage())
        sys.exit(0)
    if args[0] == "--version":
        from coursekit import __version__

        print(f"coursekit {__version__}")
        sys.exit(0)
    if args[0] not in COMMANDS:
        print(f"coursekit: no command {args[0]!r}\n\n{usage()}", file=sys.stderr)
        sys.exit(2)
    try:
        module = importlib.import_module(f"coursekit.{COMMANDS[args[0]][0]}")
        status = module.main(args[1:])
    except ImportError as error:
        if (error.name or "").partition(".")[0] == "coursekit":
            raise  # our own mistake: the traceback says where
        print(
            f"coursekit {args[0]}: {str(error).splitlines()[0]}. "
            "`coursekit doctor` says what is missing and how to get it",
            file=sys.stderr,
        )
        status = 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is lost: run it again.", file=sys.stderr)
        status = 130
    sys.exit(status)
