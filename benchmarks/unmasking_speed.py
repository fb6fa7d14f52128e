"""A core's seconds for scene programs, beside the loop that LLaDA publishes.

    python benchmarks/unmasking_speed.py [--published generate.py] [--rounds 3]
        [--batches 1 16] [--programs 256] [--temperatures 0 1] [--only swift]

Equal in all rows: weights, captions, canvas of 48, one thread, float32. The loop reads
caption and canvas anew in each pass and ranks all places (Nie et al. 2025;
github.com/ML-GSAI/LLaDA, generate.py). It is restated below; with --published the file
itself runs, which is no part of the course. It is told who may see whom as the weights
were trained, so that caches are exact.

Rows "equal" have its algorithm and, at temperature 0, its tokens: "same" is the share
of programs. "usual" is write_blocks, "swift" write_swiftly. The other rows show what a
threshold of .9 saves, and the share of right programs, less the loop's with a paired
95 % interval, what it costs. Seconds are those of the process: what a neighbour takes
does not count, but he fills the caches. Nothing is asserted: machines differ.
"""

import argparse
import importlib.util
import statistics
import sys
import time
import types
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    program_rows,
    program_tokens,
)
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.tokens import END
from coursekit.evaluation.swift_unmasking import write_swiftly
from coursekit.evaluation.token_sampling import fill_after, write_blocks
from coursekit.evaluation.written_programs import number_entropy, scene_of
from coursekit.experiments.compute import seconds
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.block_diffusion import block_mask
from coursekit.theory.unmasking import Threshold, share_now
from coursekit.training.pretrained import load_model

LARGE = 64  # rows of the batches that are judged
ALONE = 8  # captions that are written one at a time

Loop = Callable[..., Tensor]
Write = Callable[[Tensor], Tensor]  # prompts (B, PROMPT) to canvases (B, CANVAS)


def restated(
    model: Callable[[Tensor], Tensor],
    prompt: Tensor,
    steps: int,
    block: int,
    temperature: float,
    mask_id: int,
) -> Tensor:
    """The loop of LLaDA in our words: whole rows, whole vocabulary, every pass."""
    ids = torch.cat([prompt, prompt.new_full((len(prompt), CANVAS), mask_id)], 1)
    steps = steps * block // CANVAS
    with torch.no_grad():
        for begin in range(PROMPT, PROMPT + CANVAS, block):
            for step in range(steps):
                hidden = ids == mask_id
                count = share_now(hidden[:, begin : begin + block], steps, step)
                logits = model(ids)
                noisy = logits
                if temperature:
                    wait = -torch.rand_like(logits, dtype=torch.float64).log()
                    noisy = logits.double().exp() / wait**temperature
                drawn = noisy.argmax(-1)
                sure = logits.softmax(-1).gather(-1, drawn[..., None])[..., 0]
                sure[:, begin + block :] = -torch.inf
                sure = torch.where(hidden, sure, -torch.inf)
                for row, each in enumerate(count.tolist()):
                    best = sure[row].topk(each).indices
                    ids[row, best] = drawn[row, best]
    return ids


def published(path: Path) -> Loop:
    """The loop of the file itself, called like `restated`."""
    sys.modules.setdefault("transformers", stub := types.ModuleType("transformers"))
    stub.AutoTokenizer = stub.AutoModel = None  # type: ignore[attr-defined]
    spec = importlib.util.spec_from_file_location("published_loop", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Asked:
        device = "cpu"

        def __init__(self, model: Callable[[Tensor], Tensor]) -> None:
            self.model = model

        def __call__(self, ids: Tensor, attention_mask: None = None) -> object:
            return types.SimpleNamespace(logits=self.model(ids))

    def loop(
        model: Callable[[Tensor], Tensor],
        prompt: Tensor,
        steps: int,
        block: int,
        temperature: float,
        mask_id: int,
    ) -> Tensor:
        return module.generate(  # type: ignore[no-any-return]
            Asked(model),
            prompt,
            steps=steps,
            gen_length=CANVAS,
            block_length=block,
            temperature=temperature,
            mask_id=mask_id,
        )

    return loop


class Row(NamedTuple):
    """One way to write, and the row that it is compared with."""

    write: Write
    base: str


def by_loop(
    loop: Loop, model: TokenTransformer, size: int, steps: int, heat: float
) -> Write:
    """Programs by the loop, where blocks of `size` look back at finished ones."""
    mask = block_mask(PROMPT, CANVAS, size)[CANVAS:, CANVAS:]
    asked = partial(_masked, model, mask)
    hidden = model.config.mask_id
    return lambda p: fill_after(
        loop(asked, p, steps, size, heat, hidden)[:, PROMPT:], END
    )


def _masked(model: TokenTransformer, mask: Tensor, ids: Tensor) -> Tensor:
    return cast(Tensor, model(ids, mask=mask))


def swift(model: TokenTransformer, size: int, sure: float, heat: float) -> Write:
    """Programs by `write_swiftly`, a token a pass where `sure` is above 1."""
    return lambda p: (
        write_swiftly(
            model, p, CANVAS, size, sure, temperature=heat, generator=_dice(), end=END
        ).ids
    )


def usual(model: TokenTransformer, size: int, sure: float, heat: float) -> Write:
    """The same by `write_blocks`."""
    rule = Threshold(sure)
    return lambda p: write_blocks(model, p, CANVAS, size, rule, heat, _dice(), END).ids


def _dice() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def rows_of(loop: Loop, heat: float) -> dict[str, Row]:
    """All rows of the table at one temperature."""
    canvas = load_model("programs-masked")
    blocks = load_model("programs-blocks")
    assert isinstance(canvas, TokenTransformer) and isinstance(blocks, TokenTransformer)
    found = dict[str, Row]()
    for name, model, size in (("canvas", canvas, CANVAS), ("blocks of 8", blocks, 8)):
        base = f"loop, {name}, 48 steps"
        found[base] = Row(by_loop(loop, model, size, CANVAS, heat), base)
        found[f"equal, usual, {name}"] = Row(usual(model, size, 2.0, heat), base)
        found[f"equal, swift, {name}"] = Row(swift(model, size, 2.0, heat), base)
    base = "loop, whole canvas of the block model, 48 steps"
    for steps in (48, 24, 16):
        way = by_loop(loop, blocks, CANVAS, steps, heat)
        found[base.replace("48", str(steps))] = Row(way, base)
    for size in (8, 16, CANVAS):
        way = swift(blocks, size, 0.9, heat)
        found[f"threshold .9, swift, {size}"] = Row(way, base)
    found["threshold .9, usual, 16"] = Row(usual(blocks, 16, 0.9, heat), base)
    return found


def timed(write: Write, prompt: Tensor) -> tuple[Tensor, float]:
    """What is written, and in how many seconds."""
    start = time.process_time()
    ids = write(prompt)
    return ids, time.process_time() - start


def small(rows: dict[str, Row], batch: int, rounds: int) -> dict[str, float]:
    """Median seconds of a batch, or of captions one at a time, each of ALONE."""
    captions = program_rows(max(batch, ALONE), 8, "test")[0][:, :PROMPT]
    parts = torch.split(captions, batch)

    def work(write: Write) -> None:
        for part in parts:
            write(part)

    runs = {name: partial(work, row.write) for name, row in rows.items()}
    spent = seconds(runs, rounds, time.process_time)
    return {
        name: statistics.median(times) / len(parts) for name, times in spent.items()
    }


def report(loop: Loop, heat: float, args: argparse.Namespace) -> None:
    """The table at one temperature."""
    rows = rows_of(loop, heat)
    if args.only:
        asked = {n for n in rows if any(part in n for part in args.only)}
        asked |= {rows[name].base for name in asked}
        rows = {name: row for name, row in rows.items() if name in asked}
    spent = [small(rows, batch, args.rounds) for batch in args.batches]
    captions, wanted = program_rows(args.programs, 7, "test")
    written: dict[str, list[tuple[Tensor, float]]] = {name: [] for name in rows}
    torch.manual_seed(0)
    for part in torch.split(captions[:, :PROMPT], LARGE):  # in turns
        for name, row in rows.items():
            written[name].append(timed(row.write, part))
    spent.append({n: statistics.median(t for _, t in w) for n, w in written.items()})
    texts = {n: torch.cat([ids for ids, _ in w]) for n, w in written.items()}
    right = {n: _right(ids, wanted) for n, ids in texts.items()}
    print(f"\ntemperature {heat}, {args.programs} programs, batches of", end=" ")
    print(f"{[*args.batches, LARGE]}: seconds of a batch, and how much faster")
    for name, row in rows.items():
        less = right[name] - right[row.base]
        half = 1.96 * less.std() / len(less) ** 0.5
        same = (texts[name] == texts[row.base]).all(1).double().mean()
        cells = [f"{s[name]:8.4f} ({s[row.base] / s[name]:4.1f} x)" for s in spent]
        read = map(scene_of, program_tokens().read(texts[name]))
        bits = number_entropy([scene for scene in read if scene is not None])
        print(
            f"{name:48}right {right[name].mean():6.1%} "
            f"({less.mean():+.1%} ± {half:.1%}) same {same:6.1%} "
            f"{bits:5.2f} bits {' '.join(cells)}",
            flush=True,
        )


def _right(ids: Tensor, wanted: Sequence[Scene]) -> NDArray[np.float64]:
    texts = program_tokens().read(ids)
    return np.array([is_right(t, w) for t, w in zip(texts, wanted, strict=True)], float)


def main(argv: list[str]) -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--published", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--programs", type=int, default=256)
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 16])
    parser.add_argument("--only", nargs="*", help="rows with these words, and bases")
    parser.add_argument("--temperatures", type=float, nargs="*", default=[0.0, 1.0])
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    loop = published(args.published) if args.published else restated
    for heat in args.temperatures:
        report(loop, heat, args)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
