"""`coursekit evaluate teddy-64-dmd@2`: one card of what a model is worth.

Draws the prompts of the benchmark (evaluation/benchmark.py) with one of the models that
ship, or takes a folder of pictures with a prompts.json that says what each shall show:
{"bear.png": "a brown teddy bear is reading in the park", ...}.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

TOLD = "prompts.json"  # in a folder of pictures


def main(
    model: Annotated[
        str, typer.Argument(help="A name, NAME@STEPS, or a folder of pictures.")
    ],
    prompts: Annotated[int, typer.Option(help="For each task.")] = 8,
    seed: Annotated[int, typer.Option(help="Of prompts and noise.")] = 0,
    out: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Keep the card.")
    ] = None,
) -> int:
    """Measure a model, or a folder of pictures, and print its card.

    Exit status 0: done, 1: a file is missing or damaged, 2: bad input.
    """
    from coursekit.files import OutOfSpace, try_folder, write_atomic
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained
    from coursekit.training.checkpoints import CheckpointError

    try:
        if not 1 <= prompts <= 200 or not 0 <= seed < 2**32:
            raise PipelineError("use --prompts 1 to 200 and --seed 0 or more")
        if out is not None:
            try_folder(out.parent)
        folder = Path(model)
        card = of_folder(folder) if folder.is_dir() else of_model(model, prompts, seed)
        print(shown(card))
        if out is not None:
            write_atomic(out, json.dumps(card, indent=1) + "\n")
    except (NotTrained, CheckpointError, OutOfSpace) as error:
        print(f"coursekit evaluate: {error}", file=sys.stderr)
        return 1
    except (PipelineError, ValueError) as error:
        print(f"coursekit evaluate: {error}", file=sys.stderr)
        return 2
    return 0


def of_model(name: str, prompts: int, seed: int) -> dict[str, Any]:
    """The card of a contestant, beside that of real pictures of the same scenes.

    Raises PipelineError for a name that is none, CheckpointError for damaged files.
    """
    import numpy as np
    from tqdm import tqdm

    from coursekit.datasets.teddy.render import render
    from coursekit.evaluation.benchmark import PICTURES, benchmark, card
    from coursekit.pipeline.contestants import contestant
    from coursekit.training.pretrained import load_model

    pipe = contestant(name)
    tests, scenes = benchmark(prompts, pipe.boxes.world == "teddy", seed)
    asked = [test for test in tests for _ in range(PICTURES)]
    clip, chunk = load_model("teddy-clip"), 24
    start, parts = time.perf_counter(), []
    with tqdm(total=len(asked), unit="picture", desc=name) as bar:
        for i in range(0, len(asked), chunk):
            words = [test.prompt for test in asked[i : i + chunk]]
            parts.append(pipe.draw(words, seed + i))
            bar.update(len(words))
    seconds = (time.perf_counter() - start) / len(asked)
    images = np.concatenate(parts)
    side = images.shape[1]
    return {
        **{"model": name, "prompts": prompts, "pictures": len(asked), "side": side},
        **card(images, asked, clip),
        "seconds": seconds,
        "real": card(render(scenes, side), tests, clip),
    }


def of_folder(folder: Path) -> dict[str, Any]:
    """The card of pictures that somebody else has drawn.

    Each is asked all that its caption is about. Raises ValueError, in one line, for
    captions out of the grammar and for files that are no pictures of one size.
    """
    import numpy as np
    from PIL import Image, UnidentifiedImageError

    from coursekit.evaluation.benchmark import TASKS, card, test_of
    from coursekit.training.pretrained import load_model

    told = folder / TOLD
    if not told.is_file():
        raise ValueError(f'{told} is missing: write {{"NAME.png": "a caption", ...}}')
    try:
        captions = json.loads(told.read_text(encoding="utf-8"))
        pairs = {str(name): str(text) for name, text in captions.items()}
    except (ValueError, AttributeError):
        raise ValueError(f'{told}: write {{"NAME.png": "a caption", ...}}') from None
    images: list[Any] = []
    tests = []
    for name, text in pairs.items():
        try:
            with Image.open(folder / name) as picture:
                pixels = np.asarray(picture.convert("RGB"))
        except (OSError, UnidentifiedImageError):
            raise ValueError(f"{folder / name}: cannot be read as a picture") from None
        if pixels.shape[0] != pixels.shape[1] or (
            images and pixels.shape != images[0].shape
        ):
            raise ValueError(f"{folder / name}: give square pictures of one size")
        for test in filter(None, (test_of(task, text) for task in TASKS)):
            images.append(pixels)
            tests.append(test)
    if not tests:
        raise ValueError(f"{told} names no picture")
    found = card(np.stack(images), tests, load_model("teddy-clip"))
    return {
        "model": str(folder),
        "pictures": len(pairs),
        "side": len(images[0]),
        **found,
    }


def shown(card: dict[str, Any]) -> str:
    """The card as a table for people: shares in per cent."""
    real = card.get("real", {})
    lines = [
        f"{card['model']}: {card['pictures']} pictures of {card['side']} pixels",
        f"{'':<16}{'judge':>8}{'second':>8}{'real':>8}",
    ]

    def row(name: str, *values: float | None) -> None:
        cells = (f"{100 * v:8.1f}" if v is not None else f"{'-':>8}" for v in values)
        lines.append(f"{name:<16}{''.join(cells)}")

    second = card["second"]["tasks"]
    for task, share in card["tasks"].items():
        row(task, share, second[task], real.get("tasks", {}).get(task))
    row("score", card["score"], card["second"]["score"], real.get("score"))
    low, high = (100 * edge for edge in card["interval"])
    lines.append(f"  95 % of {low:.1f} to {high:.1f} if prompts are drawn again")
    if len(card["tasks"]) < 6:
        lines.append(f"  tasks asked: {', '.join(card['tasks'])}; no score of all six")
    for name, key in (("valid", "valid"), ("TIFA", "tifa"), ("VQAScore", "vqa_score")):
        row(name, card[key], None, real.get(key))
    row("judges agree", card["agree"], None, real.get("agree"))
    if "clip_score" in card:
        beside = f", real {real['clip_score']:.3f}" if "clip_score" in real else ""
        lines.append(
            f"CLIPScore {card['clip_score']:.3f}{beside} (one bear, 32 pixels)"
        )
    if "seconds" in card:
        lines.append(f"{card['seconds']:.3f} seconds a picture")
    return "\n".join(lines)
