"""Figures 09.C, 09.G, 09.W: who looks at whom through time, and what that is worth.

One small network on the latents of clips, told by captions, trained in four ways of
equal seconds: each frame by itself; so at first, and then with blocks along time; all
tokens of a clip at once; and those of earlier frames only. The last two, with equal
steps and several seeds, are 09.G. 09.W has the seconds of a step.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import torch
from torch import nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_words import TOLD, clip_caption, clip_ids
from coursekit.evaluation.clip_sampling import READ, shown_words
from coursekit.experiments.cache import kept_network
from coursekit.experiments.compute import seconds
from coursekit.experiments.summary import Result, for_seeds, mean, prefixed
from coursekit.models.unet import count_parameters
from coursekit.models.video_cost import video_pass
from coursekit.models.video_transformer import VideoDiT, VideoDiTConfig, add_time
from coursekit.training.data import seed_of
from coursekit.training.loop import Run, train
from coursekit.training.precision import choose
from coursekit.training.recipe import Data
from coursekit.training.recipe_clips import JUDGED, WORDINGS, ClipRecipe
from coursekit.training.recipes_clips import FRAMES, VIDEO_FRAMES

CLIPS = 4000  # to learn from
BATCH, RATE, TIMES = 16, 1e-3, 3
# As many updates as take 150 seconds on one core: 161, 164 and 140 ms each, 191 with
# blocks along time ("before" and "grown" together). Equal for "full" and "causal".
STEPS = {"full": 930, "causal": 930, "frames": 1070, "before": 520, "grown": 410}
WAYS = {
    "frames": FRAMES,
    "grown": replace(FRAMES, times=TIMES),
    "full": replace(FRAMES, attention="full"),
    "causal": replace(FRAMES, attention="causal"),
}
HELD = 256  # clips that a held-out loss is taken of


@dataclass(frozen=True)
class Going(ClipRecipe):
    """The same recipe, from a network of frames that is there already."""

    before: VideoDiT | None = None

    def begin(self, model: nn.Module) -> nn.Module:
        """The network of frames, its new blocks along time closed."""
        return model if self.before is None else add_time(self.before, TIMES)


def recipe(seed: int, before: VideoDiT | None = None) -> Going:
    """How all of them are taught: no clip has a given beginning."""
    base = VIDEO_FRAMES
    return Going(
        name="looking",
        title="Who looks at whom",
        data="clips",
        quick=base.quick,
        cpu=base.cpu,
        gpu=base.gpu,
        given=0.0,
        seed=seed,
        before=before,
    )


@cache
def learnt(count: int) -> Data:
    """What they learn from; the same clips for every seed."""
    return recipe(0).load(count)


def trained(way: str, seed: int, quick: bool = False) -> VideoDiT:
    """The network after a way of WAYS; of "grown", the frames come first."""
    before = None
    name = {"before": "frames"}.get(way, way)
    if way == "grown":
        before = trained("before", seed, quick)
    config = _small(WAYS[name]) if quick else WAYS[name]
    steps, clips = (2, 32) if quick else (STEPS[way], CLIPS)
    plan = replace(
        VIDEO_FRAMES.cpu,
        model=config,
        steps=steps,
        batch=BATCH,
        lr=RATE,
        warmup=100,
        ema=0.995,
        pictures=clips,
    )

    def teach(network: VideoDiT) -> None:
        precision = choose(None, None, "cpu", True)[0]
        run = Run(recipe(seed, before), plan, learnt(clips), precision=precision)
        for _ in train(run):
            pass
        network.load_state_dict(run.averaged().state_dict())

    settings = (way, seed, plan, STEPS["before"] if before else 0)
    torch.manual_seed(seed_of(seed, 0))
    return kept_network(f"looking/{way}-{seed}", settings, VideoDiT(config), teach)


def _small(config: VideoDiTConfig) -> VideoDiTConfig:
    return replace(config, width=32, depth=3)


def judged(network: VideoDiT, count: int) -> Result:
    """What its clips show: told everything, and told hardly anything.

    For each of "told" and "untold": `{..}_{word}_right` and `{..}_{word}_flicker` for
    the words of READ, and `{..}_motion`.
    """
    found: Result = {}
    how, clips = recipe(0), recipe(0).clips(count, JUDGED, "test")
    for name, told in (("told", TOLD), ("untold", WORDINGS[-1])):
        made = how.make(network, [clip_caption(clip, told) for clip in clips])
        found |= prefixed(name, flat(shown_words(made, clips)))
    return found


def flat(seen: dict[str, Any]) -> Result:
    """What `shown_words` finds, in one row."""
    each = {
        f"{word}_{key}": seen[key][word]
        for key in ("right", "flicker")
        for word in READ
    }
    return {**each, "motion": seen["motion"]}


@cache
def held_out(count: int) -> Data:
    """Clips that no training has seen, as data to take a loss of."""
    how = recipe(0)
    clips = how.clips(count, JUDGED + 1, "test")
    films = torch.from_numpy(draw_clips(clips, how.frames, how.size))
    lines = [[clip_caption(clip, told) for clip in clips] for told in WORDINGS]
    ids = torch.stack([clip_ids(each) for each in lines], dim=1)
    return how.encoded(Data(films, "held out", ids))


@torch.no_grad()
def held_loss(network: VideoDiT, count: int) -> float:
    """The mean loss on held-out clips, the same times and noises for everybody."""
    how, data = recipe(0), held_out(count)
    steps = range(2 * max(1, count // 32))
    return mean([float(how.loss(network, how.batch(data, 32, s))) for s in steps])


def measure(quick: bool = False) -> Result:
    """Everything of 09.C, one training each.

    Keys: `clips` learnt from and `count` judged; `{way}_steps`, `{way}_weights`; for
    way in frames, grown, full, and "real" (the drawn clips themselves): all that
    `judged` finds, as `{way}_{..}` (of real ones `real_{word}_right`, .. only).
    """
    count = 4 if quick else 128
    result: Result = {"clips": CLIPS, "count": count, "batch": BATCH}
    for way in ("frames", "grown", "full"):
        network = trained(way, 0, quick)
        result |= prefixed(way, judged(network, count))
        result[f"{way}_steps"] = STEPS[way]
        result[f"{way}_weights"] = count_parameters(network)
    clips = recipe(0).clips(count, JUDGED, "test")
    result["before_steps"] = STEPS["before"]
    return result | prefixed(
        "real", flat(shown_words(draw_clips(clips, 17, 32), clips))
    )


def compared(way: str, count: int, quick: bool, seed: int) -> Result:
    """One seed of 09.G."""
    network = trained(way, seed, quick)
    return judged(network, count) | {"loss": held_loss(network, count)}


def measure_causal(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 09.G: full against causal, equal steps.

    Keys: `steps`, `count`; for way full and causal all that `judged` finds and the
    held-out `loss`, as `{way}_{..}` with _std and _all.
    """
    count = 4 if quick else 128
    result: Result = {"steps": STEPS["full"], "count": count}
    for way in ("full", "causal"):
        found = for_seeds(compared, seeds[:1] if quick else seeds, way, count, quick)
        result |= prefixed(way, found)
    return result


SIZES = {80: (5, 8), 320: (5, 16), 576: (9, 16), 1088: (17, 16)}  # tokens: frames, side


def step(network: VideoDiT, frames: int, side: int, batch: int) -> None:
    """One pass and its way back on noise, as a step of training has it."""
    x = torch.randn(batch, 16, frames, side, side)
    with torch.autocast("cpu", torch.bfloat16):
        network(x, torch.full((batch,), 0.5)).square().mean().backward()


def measure_seconds(quick: bool = False) -> Result:
    """Everything of 09.W. Nothing else may run meanwhile.

    Keys: `tokens`; for each way of WAYS `{way}_ms` of a step of training for one clip
    of so many tokens (the median of several, bf16, one thread, batches of 4) and
    `{way}_gflops`, of one pass of one clip.
    """
    sizes = dict(list(SIZES.items())[: 1 if quick else None])
    rounds, batch = (1, 1) if quick else (5, 4)
    result: Result = {"tokens": list(sizes)}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        nets = {way: VideoDiT(config) for way, config in WAYS.items()}
        for frames, side in sizes.values():
            runs = {
                way: partial(step, net, frames, side, batch)
                for way, net in nets.items()
            }
            for way, took in seconds(runs, rounds).items():
                ms = 1000 * statistics.median(took) / batch
                result.setdefault(f"{way}_ms", []).append(ms)
                spent = video_pass(WAYS[way], frames, side, side).flops / 1e9
                result.setdefault(f"{way}_gflops", []).append(spent)
    finally:
        torch.set_num_threads(threads)
    return result
