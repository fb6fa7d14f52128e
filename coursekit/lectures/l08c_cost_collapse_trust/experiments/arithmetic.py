"""Figure 08c.C: how exact attention has to be, for pictures that obey their prompts.

`teddy-prompts` draws the same sentences from the same noise with exact attention, with
few bits, and with products that are noisy: fresh noise at each call, or the same noise
at each step of a walk.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from coursekit.datasets.teddy.prompts import prompts
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.evaluation.prompts import SEED
from coursekit.evaluation.reconstruction import psnr, slopes
from coursekit.experiments.cache import Images, kept, kept_images
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.models.attention import attention
from coursekit.models.cheap_attention import Analog, Attending, Rule, few_bits
from coursekit.pipeline.pipeline import from_checkpoint

BITS, NOISES = (2, 3, 4, 6, 8), (0.05, 0.1, 0.2, 0.5)
KINDS = {"plain": BITS, "centred": BITS, "fresh": NOISES, "frozen": NOISES}
SHOWN = ("all", "hat", "glasses", "valid")


def attentions_in_a_pass() -> int:
    """How often the network attends in one step: blocks, and the layers of the text."""
    pipe, calls = from_checkpoint("teddy-prompts"), []

    def counting(q: Any, k: Any, v: Any, mask: Any) -> Any:
        calls.append(q.shape)
        return attention(q, k, v, mask)

    with Attending(counting):
        pipe.draw(["a bear"])
    return len(calls) // pipe.boxes.steps


def rule(kind: str, level: float, seed: int = 0, period: int = 1) -> Rule:
    """The arithmetic of a kind at a level: bits, or a relative noise."""
    if kind in ("fresh", "frozen"):
        return Analog(level, seed, period if kind == "frozen" else 0)
    return lambda q, k, v, mask: few_bits(q, k, v, int(level), kind == "centred", mask)


def drawn(asked: Sequence[str], seed: int, by: Rule = attention) -> Images:
    """Pictures of sentences, the attention computed by a rule."""
    with Attending(by):
        return from_checkpoint("teddy-prompts").draw(asked, seed)


def one(levels: dict[str, Sequence[float]], count: int, seed: int) -> Result:
    """All kinds and levels from one starting noise."""
    asked, scenes = prompts(count, "test", SEED)
    name, period = f"arithmetic/{count}-{seed}", attentions_in_a_pass()
    exact = kept_images(f"{name}-exact", (), partial(drawn, asked, seed))

    def found(images: Images) -> dict[str, float]:
        shares = prompt_alignment(images, scenes)
        sharp = slopes(images) / slopes(exact)
        return {key: shares[key] for key in SHOWN} | {"sharp": sharp}

    def compute(kind: str, level: float) -> dict[str, float]:
        images = drawn(asked, seed, rule(kind, level, seed, period))
        return found(images) | {"psnr": float(psnr(images, exact))}

    result: Result = prefixed("exact", found(exact))
    for kind, some in levels.items():
        ways = {f"{name}-{kind}-{x}": partial(compute, kind, x) for x in some}
        rows = [kept(each, seed, way) for each, way in ways.items()]
        result |= prefixed(kind, columns(rows))
    return result


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08c.C.

    Keys: `prompts`, `bits`, `noises`; over seeds of the noise `exact_{key}` and, lists
    over bits, `plain_{key}` and `centred_{key}`, over noises `fresh_{key}` and
    `frozen_{key}`. Key: of SHOWN, shares of the pictures (`prompt_alignment`); `sharp`,
    the mean square slope as a share of the exact pictures'; `psnr`, decibels to them.
    """
    levels: dict[str, Sequence[float]] = dict(KINDS)
    if quick:
        levels, seeds = {"centred": BITS[:1], "frozen": NOISES[-1:]}, seeds[:1]
    count = 2 if quick else 150
    lists = {"prompts": count, "bits": list(BITS), "noises": list(NOISES)}
    return lists | for_seeds(partial(one, levels, count), seeds)
