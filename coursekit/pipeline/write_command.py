"""`coursekit write "a brown bear with a red hat in the park" --show --picture bear.png`

Writes the scene program of a sentence, hidden word by hidden word, and paints it. With
`--infill` it fills a gap in code: `coursekit write "def area(r):" --infill "return"`.
"""

import os
import re
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from coursekit.datasets.teddy.scene import Scene
    from coursekit.pipeline.writers import Film
    from coursekit.training.recipe_text import TextRecipe

STEPS, LENGTH = 16, 12
MOST = 100  # tokens of code
PROGRAMS, BETWEEN, ONWARD = "programs-blocks", "code-masked", "code-left-to-right"
CODE = re.compile(r"[()\[\]{}=:;_#\n]")  # what no sentence about a bear has
PAUSE = 0.12  # seconds for each pass, where somebody watches
PICTURE = 256  # pixels


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    text: str
    after: str | None
    model: str
    steps: int | None
    length: int | None
    temperature: float
    seed: int
    picture: Path | None
    force: bool


class Result(NamedTuple):
    """The passes, a line for people, and the scene if the program runs."""

    film: "Film"
    note: str
    scene: "Scene | None" = None


def main(
    text: Annotated[str, typer.Argument(help="A sentence about a bear, or code.")],
    infill: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What follows a gap in code.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"{PROGRAMS}; for code {BETWEEN}, or {ONWARD} without --infill.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help=f"Passes of a model that unmasks ({STEPS}).")
    ] = None,
    length: Annotated[
        int | None, typer.Option(help=f"Tokens of code to write ({LENGTH}).")
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="0: always the likeliest token.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    show: Annotated[bool, typer.Option("--show", help="Each pass.")] = False,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Paint the program, as PNG.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> int:
    """Write the program of a scene, or code, with a language model.

    Exit status 0: done, 1: a file is missing or damaged, or the program does not run,
    so that it has no picture, 2: bad input.
    """
    coded = infill is not None or bool(CODE.search(text))
    name = model or (PROGRAMS if not coded else ONWARD if infill is None else BETWEEN)
    args = Request(text, infill, name, steps, length, temperature, seed, picture, force)
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch starts
    from coursekit.files import OutOfSpace, try_folder
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained
    from coursekit.pipeline.loose_phrases import NotUnderstood
    from coursekit.training.checkpoints import CheckpointError

    try:
        recipe = check(args)
        if picture is not None:
            try_folder(picture.parent)
        start = time.perf_counter()
        result = write(args, recipe)
        took = time.perf_counter() - start
        tell(result.film, show)
        passes = f"{result.film.passes} pass{'es' * (result.film.passes > 1)}"
        print(f"{result.note}{name}, {passes}, seed {seed}, {took:.1f} s")
        if picture is not None and not painted(args, result):
            print("coursekit write: no picture: it does not run", file=sys.stderr)
            return 1
    except (NotTrained, CheckpointError, OutOfSpace) as error:
        print(f"coursekit write: {error}", file=sys.stderr)
        return 1
    except (PipelineError, NotUnderstood) as error:
        print(f"coursekit write: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or error
        print(f"coursekit write: cannot write {picture}: {reason}", file=sys.stderr)
        return 1
    return 0


def check(args: Request) -> "TextRecipe":
    """The recipe of the model. PipelineError for what cannot be."""
    from coursekit.evaluation.written_text import NEXT
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained, is_there
    from coursekit.training import recipe_text
    from coursekit.training.recipes import RECIPES

    kind = recipe_text.TextRecipe
    writers = {name: r for name, r in RECIPES.items() if isinstance(r, kind)}
    recipe = writers.get(args.model)
    if recipe is None:
        raise PipelineError(f"--model {args.model}: use one of {', '.join(writers)}")
    for name, text in (("the text", args.text), ("--infill", args.after or "")):
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise PipelineError(f"{name} {text!r}: this is not text in UTF-8")
    code = recipe.data == "code"
    if code and args.picture is not None:
        raise PipelineError("code has no picture: leave --picture out")
    if not code and args.after is not None:
        raise PipelineError(f"{args.model} fills no gap: leave --infill or --model out")
    if not code and args.length is not None:
        raise PipelineError("a program ends by itself: leave --length out")
    if args.after and recipe.kind == "left-to-right":
        raise PipelineError(f"{args.model} cannot see what follows: take {BETWEEN}")
    if args.steps is not None and recipe.kind in NEXT:
        raise PipelineError(f"{args.model} needs a pass for each token: no --steps")
    if args.steps is not None and not 1 <= args.steps <= 1000:
        raise PipelineError(f"--steps {args.steps}: use 1 to 1000")
    if args.length is not None and not 1 <= args.length <= MOST:
        raise PipelineError(f"--length {args.length}: use 1 to {MOST}")
    if not 0 <= args.temperature <= 10:
        raise PipelineError(f"--temperature {args.temperature:g}: use 0 to 10")
    if not 0 <= args.seed < 2**32:
        raise PipelineError(f"--seed {args.seed}: use 0 to {2**32 - 1}")
    if args.picture is not None and args.picture.suffix.lower() != ".png":
        raise PipelineError(f"{args.picture}: give it a name that ends in .png")
    if args.picture is not None and args.picture.exists() and not args.force:
        raise PipelineError(f"{args.picture} is there already: use --force")
    if not is_there(args.model):
        raise NotTrained(args.model)
    return recipe


def write(args: Request, recipe: "TextRecipe") -> Result:
    """Read the request, load the model, let it write."""
    import torch

    from coursekit.models.token_transformer import TokenTransformer
    from coursekit.pipeline import writers
    from coursekit.pipeline.loose_prompts import understand
    from coursekit.training.pretrained import load_model

    stir = torch.Generator().manual_seed(args.seed)
    steps = args.steps or STEPS
    asked = understand(args.text, args.seed) if recipe.data != "code" else None
    model = load_model(args.model)
    assert isinstance(model, TokenTransformer)
    if asked is None:
        after, length = args.after or "", args.length or LENGTH
        return Result(
            writers.write_code(
                model, recipe.kind, args.text, after, length, steps,
                args.temperature, stir,
            ),
            "",
        )  # fmt: skip
    print(asked.note)
    film = writers.write_program(
        model, recipe.kind, asked.prompt, steps, args.temperature, stir
    )
    return judged(film, asked.scene)


def judged(film: "Film", wanted: "Scene") -> Result:
    """A program beside what was asked for."""
    from coursekit.datasets.teddy.captions import caption
    from coursekit.datasets.teddy.program_tokens import is_right
    from coursekit.datasets.teddy.programs import execute

    try:
        scene = execute(film.texts[-1])
    except ValueError as error:
        return Result(film, f"it does not run ({error}): ")
    if is_right(film.texts[-1], wanted):
        return Result(film, "it runs, and shows what was asked: ", scene)
    if not scene.bears:
        return Result(film, "it runs, and shows nobody: ", scene)
    return Result(film, f"it runs, but not as asked ({caption(scene)}): ", scene)


def tell(film: "Film", show: bool) -> None:
    """The result, or every pass: in place on a terminal, else one line a pass."""
    watched = sys.stdout.isatty()
    if not show:
        print(film.texts[-1])
    elif not watched:
        for i, text in enumerate(film.texts, 1):
            print(f"{i:3} {text!r}" if "\n" in text else f"{i:3} {text}")
        if "\n" in film.texts[-1]:
            print(film.texts[-1])
    else:
        columns, rows = shutil.get_terminal_size().columns, 0
        for i, text in enumerate(film.texts):
            time.sleep(PAUSE if i else 0)
            print(f"\x1b[{rows}F\x1b[J" * bool(rows) + text, flush=True)
            rows = sum(max(1, -(-len(line) // columns)) for line in text.split("\n"))


def painted(args: Request, result: Result) -> bool:
    """Write the picture; False where there is no scene to paint."""
    import coursekit
    from coursekit.datasets.teddy.render import render
    from coursekit.files import write_atomic
    from coursekit.pipeline import picture_file

    if result.scene is None or args.picture is None:
        return False
    facts = {
        "prompt": args.text,
        "program": result.film.texts[-1],
        "seed": str(args.seed),
        "model": args.model,
        "Software": f"coursekit {coursekit.__version__}",
    }
    image = render([result.scene], PICTURE)[0]
    write_atomic(args.picture, picture_file.png(image, facts))
    print(f"{args.picture}: {PICTURE} x {PICTURE} pixels")
    return True
