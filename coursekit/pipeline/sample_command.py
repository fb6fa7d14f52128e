"""`coursekit sample "a brown bear with a red hat, reading in the park" -o bear.png`

Draws what a prompt says with the models that ship: one to three teddy bears, emoji by
name and style, or a clip (--video). Says what it understood, and what it chose because
nobody said it.
"""

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import typer

if TYPE_CHECKING:
    from coursekit.pipeline.pipeline import Pipeline

World = Literal["bears", "teddy", "emoji"]
Way = Literal["plain", "retrieval", "model"]
MODELS: dict[World, str] = {
    "bears": "teddy-64-prompts",
    "teddy": "teddy-prompts",
    "emoji": "emoji-prompts",
}
DEFAULT: World = "bears"  # the world of a prompt that names none
BEARS: dict[World, int] = {"bears": 3, "teddy": 1}  # that a model draws
MOST = 100  # pictures in a grid
PLAIN: Way = "plain"
ENHANCE_HELP = (
    "Who fills in what you do not say of a bear. plain: no hat, no glasses, arms down, "
    "sitting; retrieval: a training caption that agrees; model: a language model."
)
SIGN_HELP = "Sign where it comes from, into the PNG file: see `coursekit provenance`."
STUDENT_HELP = "Draw as it does, in few steps: see `coursekit recipes`."


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    prompt: str
    out: Path
    world: World
    seed: int
    steps: int | None
    guidance: float | None
    solver: str | None
    negative: str | None
    grid: int
    zoom: int
    film: bool
    force: bool
    adapter: str | None = None
    strength: float = 1.0
    student: str | None = None
    video: bool = False
    array: bool = False
    enhance: Way = PLAIN
    sign: Path | None = None
    watermark: bool = False


class Asked(NamedTuple):
    """What is drawn, what it stays away from, and a line for people."""

    prompt: str
    negative: str
    note: str


def main(
    prompt: Annotated[str, typer.Argument(help="What to draw, in plain English.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="sample.png, with --video sample.gif."),
    ] = None,
    world: Annotated[
        World | None,
        typer.Option(help=f"{DEFAULT}, or the adapter's; teddy: one, 32 x 32."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
    steps: Annotated[
        int | None, typer.Option(help="Of the solver (the model's own: 24).")
    ] = None,
    guidance: Annotated[
        float | None, typer.Option(help="1: none (default: the model's own).")
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option(help="euler, heun, rk4, dpm2m or ancestral (euler)."),
    ] = None,
    negative: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to stay away from.")
    ] = None,
    grid: Annotated[int, typer.Option(metavar="N", help="So many pictures.")] = 1,
    zoom: Annotated[int, typer.Option(help="Magnify each pixel.")] = 8,
    film: Annotated[
        bool,
        typer.Option("--film", help="From noise to picture: .png strip or .gif."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    adapter: Annotated[
        str | None, typer.Option(metavar="NAME", help="Wear it: teddy-v-lora.")
    ] = None,
    adapter_scale: Annotated[
        float, typer.Option(help="How strongly; 0: not at all.")
    ] = 1.0,
    student: Annotated[
        str | None, typer.Option(metavar="NAME", help=STUDENT_HELP)
    ] = None,
    video: Annotated[
        bool, typer.Option("--video", help="A clip of a bear: .gif, .mp4 or .webm.")
    ] = False,
    array: Annotated[
        bool, typer.Option("--array", help="With --video: its frames too, as .npz.")
    ] = False,
    enhance: Annotated[Way, typer.Option(help=ENHANCE_HELP)] = PLAIN,
    sign: Annotated[
        Path | None, typer.Option(metavar="KEY.pem", help=SIGN_HELP)
    ] = None,
    watermark: Annotated[
        bool, typer.Option("--watermark", help="Hide coursekit's bits in each bear.")
    ] = False,
) -> int:
    """Draw what a prompt says, as a PNG file, or as a clip.

    Exit status 0: done, 1: a file is missing or damaged, 2: bad input.
    """
    out = out or Path("sample.gif" if video else "sample.png")
    args = Request(
        prompt, out, world or DEFAULT, seed, steps, guidance, solver, negative, grid,
        zoom, film, force, adapter, adapter_scale, student, video, array, enhance, sign,
        watermark,
    )  # fmt: skip
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch starts
    from coursekit.datasets.fashion import DataError
    from coursekit.files import OutOfSpace, try_folder
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained, is_there
    from coursekit.pipeline.loose_phrases import NotUnderstood
    from coursekit.pipeline.signing import SigningError, check_signing
    from coursekit.training.checkpoints import CheckpointError
    from coursekit.trust.keys import KeyFileError

    try:
        if world is None:
            args = replace(args, world=home(adapter) if adapter else DEFAULT)
        check_signing(sign, out)
        check(args)
        if video:
            from coursekit.pipeline.clip_sample import sample_video

            sample_video(prompt, out, seed, steps, guidance, zoom, array)
            return 0
        asked = understood(args)
        if not is_there(MODELS[args.world]):
            raise NotTrained(MODELS[args.world])
        print(asked.note)
        try_folder(args.out.parent)
        sample(args, asked)
    except (NotTrained, CheckpointError, DataError, OutOfSpace) as error:
        print(f"coursekit sample: {error}", file=sys.stderr)
        return 1
    except (PipelineError, NotUnderstood, SigningError, KeyFileError) as error:
        print(f"coursekit sample: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or error
        print(f"coursekit sample: cannot write {args.out}: {reason}", file=sys.stderr)
        return 1
    return 0


def check(args: Request) -> None:
    """PipelineError for numbers and files that cannot be."""
    from coursekit.pipeline.boxes import PipelineError

    out, endings = args.out, [".png", ".gif"] if args.film else [".png"]
    if args.video:
        endings = [".gif", ".mp4", ".webm"]
    if out.suffix.lower() not in endings:
        raise PipelineError(f"-o {out}: give it a name that ends in {endings[0]}")
    if out.is_dir():
        raise PipelineError(f"-o {out} is a folder: name a file")
    if out.exists() and not args.force:
        raise PipelineError(f"{out} is there already: take another name, or --force")
    for name, text in (("prompt", args.prompt), ("--negative", args.negative or "")):
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise PipelineError(f"{name} {text!r}: this is not text in UTF-8")
    if args.guidance is not None and not 1 <= args.guidance <= 100:
        raise PipelineError(f"--guidance {args.guidance:g}: use 1 (none) to 100")
    if args.negative and args.guidance == 1:
        raise PipelineError("--negative needs guidance: give --guidance above 1")
    if not 1 <= args.grid <= (16 if args.film else MOST):
        raise PipelineError(f"--grid {args.grid}: use 1 to {16 if args.film else MOST}")
    if not 1 <= args.zoom <= 32:
        raise PipelineError(f"--zoom {args.zoom}: use 1 to 32")
    if args.world == "emoji" and args.enhance != PLAIN:
        raise PipelineError(f"--enhance {args.enhance} is for bears: leave it out")
    if args.watermark and (args.film or args.world != "bears"):
        raise PipelineError("--watermark is for --world bears, and not for a --film")
    check_adapter(args)
    check_student(args)
    check_clip(args)
    if not 0 <= args.seed < 2**32:
        raise PipelineError(f"--seed {args.seed}: use 0 to {2**32 - 1}")


def check_clip(args: Request) -> None:
    """PipelineError for what no clip can have, or a word for clips without one."""
    from coursekit.pipeline.boxes import PipelineError

    if not args.video:
        if args.array:
            raise PipelineError("--array is for clips: give --video too")
        return
    others = {
        "--world": args.world != DEFAULT,
        "--solver": args.solver,
        "--negative": args.negative,
        "--film": args.film,
        "--adapter": args.adapter,
        "--student": args.student,
        "--grid": args.grid != 1,
        "--enhance": args.enhance != PLAIN,
        "--watermark": args.watermark,
    }
    for name, given in others.items():
        if given:
            raise PipelineError(f"--video knows no {name}: leave it out")
    if args.steps is not None and not 1 <= args.steps <= 1000:
        raise PipelineError(f"--steps {args.steps}: use 1 to 1000")


def check_adapter(args: Request) -> None:
    """PipelineError for an adapter that cannot be worn, or a word without one."""
    from coursekit.pipeline.adapters import MOST, NEW_WORD
    from coursekit.pipeline.boxes import PipelineError

    if args.adapter is None:
        if NEW_WORD.search(args.prompt) or NEW_WORD.search(args.negative or ""):
            raise PipelineError("nobody knows [v] yet: give --adapter teddy-v-lora")
        return
    if args.world != home(args.adapter):
        raise PipelineError(
            f"{args.adapter} is an adapter for --world {home(args.adapter)}"
        )
    if not 0 <= args.strength <= MOST:
        raise PipelineError(f"--adapter-scale {args.strength:g}: use 0 to {MOST:g}")
    if NEW_WORD.search(args.negative or ""):
        raise PipelineError("--negative cannot hold [v]: name what to stay away from")


def check_student(args: Request) -> None:
    """PipelineError for what a student cannot do, or a name that is none's."""
    from coursekit.pipeline.boxes import PipelineError

    if args.student is None:
        return
    from coursekit.pipeline.students import student_card

    base = student_card(args.student)["start"]
    if MODELS[args.world] != base:
        raise PipelineError(f"{args.student} is a student of {base}: leave --world out")
    if args.solver is not None:
        raise PipelineError("a student has its own solver: leave --solver out")
    if args.guidance is not None or args.negative:
        raise PipelineError("nobody guides a student: no --guidance, no --negative")


def home(adapter: str) -> World:
    """The world whose model an adapter was made for. Errors of `adapter_card`."""
    from coursekit.pipeline.adapters import adapter_card

    base = adapter_card(adapter)["start"]
    return next((name for name, model in MODELS.items() if model == base), DEFAULT)


def understood(args: Request) -> Asked:
    """The prompt in the words of the model. Raises NotUnderstood."""
    if args.world == "emoji":
        from coursekit.pipeline import emoji_prompts

        name = emoji_prompts.understand_emoji(args.prompt, args.seed)
        away = args.negative and emoji_prompts.instead(name.prompt, args.negative)
        return Asked(name.prompt, away or "", name.note)
    from coursekit.pipeline import loose_prompts
    from coursekit.pipeline.adapters import NEW_WORD, STAND_IN
    from coursekit.pipeline.enhance import enhance

    told = NEW_WORD.sub(STAND_IN, args.prompt)
    bear = enhance(told, args.seed, args.enhance, BEARS[args.world])
    away = args.negative and loose_prompts.instead(bear.scene, args.negative)
    if told == args.prompt:
        return Asked(bear.prompt, away or "", bear.note)
    prompt, note = (t.replace(STAND_IN, "[v]") for t in (bear.prompt, bear.note))
    return Asked(prompt, away or "", note)


def pipeline(args: Request, asked: Asked) -> "Pipeline":
    """The model of the world with the boxes that were asked for."""
    from coursekit.pipeline.pipeline import from_checkpoint

    pipe = from_checkpoint(MODELS[args.world])
    changes: dict[str, Any] = {}
    if args.solver is not None:
        changes["solver"] = args.solver
    if args.steps is not None and args.student is None:
        changes["steps"] = args.steps
    if args.guidance is not None:
        changes["scale"] = args.guidance
    pipe = pipe.swap(**changes)
    if args.adapter is not None:
        from coursekit.pipeline.adapters import worn

        pipe = worn(pipe, args.adapter, args.strength)
    if args.student is not None:
        from coursekit.pipeline.students import taught

        pipe = taught(pipe, args.student, args.steps)
    return pipe.avoiding(asked.negative) if asked.negative else pipe


def sample(args: Request, asked: Asked) -> None:
    """Draw, write the file, say what was done."""
    from coursekit.files import write_atomic
    from coursekit.pipeline import picture_file, signing

    start = time.perf_counter()
    pipe = pipeline(args, asked)
    facts = facts_of(args, asked, pipe)
    prompts = [asked.prompt] * args.grid
    if args.film:
        film = pipe.film(prompts, args.seed)
        strip = picture_file.strip(film, max(1, args.zoom // 2))
        moving = args.out.suffix.lower() == ".gif"
        content = (
            picture_file.gif(film, args.zoom, facts)
            if moving
            else picture_file.png(strip, facts)
        )
    else:
        images = pipe.draw(prompts, args.seed)
        if args.watermark:
            from coursekit.pipeline.hidden_marks import with_mark

            images = with_mark(images)
        content = picture_file.png(picture_file.sheet(images, args.zoom), facts)
    if args.sign is not None:
        content = signing.signed(content, args.out, args.sign)
    write_atomic(args.out, content)
    away = f", away from {asked.negative!r}" if asked.negative else ""
    print(
        f"{args.out}: {asked.prompt!r}{away}, {pipe.boxes.solver}, "
        f"{pipe.boxes.steps} step{'s' * (pipe.boxes.steps > 1)}, "
        f"guidance {pipe.boxes.scale:g}, seed {args.seed}, "
        f"{time.perf_counter() - start:.1f} s"
    )


def facts_of(args: Request, asked: Asked, pipe: "Pipeline") -> dict[str, Any]:
    """What the file says about itself."""
    from dataclasses import asdict

    import coursekit
    from coursekit.training.pretrained import card

    return {
        "prompt": asked.prompt,
        "asked": args.prompt,
        "negative": asked.negative,
        "seed": str(args.seed),
        "settings": {
            **asdict(pipe.boxes),
            "grid": args.grid,
            "zoom": args.zoom,
            "checkpoint": pipe.parts.name,
            **({} if args.enhance == PLAIN else {"enhance": args.enhance}),
            **({"watermark": "coursekit"} if args.watermark else {}),
            **worn_facts(args),
            "sha256": card(pipe.parts.name)["sha256"],
        },
        "Software": f"coursekit {coursekit.__version__}",
    }


def worn_facts(args: Request) -> dict[str, Any]:
    """Which adapter was worn, and how strongly; which student drew; nothing else."""
    from coursekit.training.pretrained import card

    facts: dict[str, Any] = {}
    if args.adapter is not None:
        facts["adapter"] = args.adapter
        facts["adapter_scale"] = args.strength
        facts["adapter_sha256"] = card(args.adapter)["sha256"]
    if args.student is not None:
        facts["student"] = args.student
        facts["student_sha256"] = card(args.student)["sha256"]
    return facts
