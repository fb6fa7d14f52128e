"""Who edits: a generator that draws again, an agent that works on the pixels, a copier.

All get the same pictures and wishes, of scenes that no training has seen. The agent of
these figures is told the right plan: what it costs to find one is another figure. A
wish for the content it refuses, and the picture stays.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coursekit.datasets.teddy.edit_pairs import (
    EditPair,
    Images,
    colour_wishes,
    edit_pairs,
    edit_pictures,
)
from coursekit.datasets.teddy.sample import scenes
from coursekit.editing.allow_list import AllowList
from coursekit.editing.executor import run_plan
from coursekit.editing.planner import NoPlan
from coursekit.evaluation.edit_sampling import STEPS
from coursekit.evaluation.preservation import (
    judged,
    moved_arms,
    unasked,
    understood,
)
from coursekit.evaluation.prompt_alignment import prompt_alignment
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.models.picture_cost import passes
from coursekit.pipeline.planners import load_planner
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_edit import TEDDY_EDIT

SEED, COUNT = 8_000_000, 200  # of the scenes
SCALES = (1.0, 3.0)
READ = ("fur", "hat", "glasses", "pose")


@cache
def network() -> nn.Module:
    """The generator that ships. Raises CheckpointError where it is not trained."""
    return load_model("teddy-edit", clip=False)


def generator(pairs: Sequence[EditPair], scale: float, seed: int) -> Images:
    """The pictures, drawn again."""
    before = edit_pictures(pairs)[0]
    wishes = [pair.wish.text for pair in pairs]
    return TEDDY_EDIT.edit(network(), before, wishes, scale, seed)


def agent(pairs: Sequence[EditPair]) -> Images:
    """Plans run on pixels; where there is none, the picture as it was."""
    before = edit_pictures(pairs)[0]
    both = zip(before, pairs, strict=True)
    return np.stack([run_plan(x, pair.wish.plan, AllowList()) for x, pair in both])


def both(pairs: Sequence[EditPair], drawn: Images) -> Images:
    """The agent where it has a plan, what a generator drew where it refuses."""
    plain = np.array([bool(pair.wish.plan) for pair in pairs])[:, None, None, None]
    return np.where(plain, agent(pairs), drawn)


def row(pairs: Sequence[EditPair], drawn: Images) -> Result:
    """`preservation.judged`, flat."""
    found = judged(pairs, *edit_pictures(pairs), drawn)
    shares: dict[str, float] = found.pop("unasked")
    return found | shares


def black_and_white(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08b.A: "make it black and white", and what else changed.

    Keys: `pictures`; for who in guidance_1 and guidance_3 over seeds of the noise, and
    in `rebuilt` (the autoencoder alone, given the exact answer) and `agent`:
    `{who}_colour`, the share that is black and white; `{who}_{name}` for place, fur,
    hat, glasses, pose, action, `raised` and `any`: shares that changed; `{who}_ssim`.
    `found`: the share of moved arms that is found after the autoencoder. `reader_` and
    `reader_colour_` fur, hat, glasses and pose: how often the second reader is right
    about exact black and white pictures, and about those in colour.
    """
    count, scales = (4, SCALES[-1:]) if quick else (COUNT, SCALES)
    chosen = list(islice(scenes(SEED, "test"), count))
    wish = colour_wishes()[0]
    pairs = [EditPair(scene, wish, scene) for scene in chosen]
    before, exact = edit_pictures(pairs)
    result: Result = {"pictures": count}
    some = seeds[:1] if quick else seeds
    for scale in scales:
        found = for_seeds(partial(_seeded, pairs, scale), some)
        result |= prefixed(f"guidance_{scale:g}", found)
    result |= prefixed("rebuilt", row(pairs, TEDDY_EDIT.rebuilt(exact)))
    result |= prefixed("agent", row(pairs, agent(pairs)))
    _, wrong = moved_arms(chosen, wish)
    drawn = TEDDY_EDIT.rebuilt(wrong)
    result["found"] = unasked(understood(pairs, drawn), drawn)["pose"].share
    for name, pictures in (("reader", exact), ("reader_colour", before)):
        shares = prompt_alignment(pictures, chosen)
        result |= prefixed(name, {each: shares[each] for each in READ})
    return result


def _seeded(pairs: Sequence[EditPair], scale: float, seed: int) -> Result:
    return row(pairs, generator(pairs, scale, seed))


def _with_agent(pairs: Sequence[EditPair], scale: float, seed: int) -> Result:
    drawn = generator(pairs, scale, seed)
    alone = prefixed(f"guidance_{scale:g}", row(pairs, drawn))
    return alone | prefixed("both", row(pairs, both(pairs, drawn)))


def frontier(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 08b.B: how many wishes are met, and what changed beside.

    Half of the wishes are for colours, half for content. Keys: `pairs`; for who in
    guidance_1, guidance_3 and `both` (the agent, and the generator at 3 for what it
    refuses) over seeds of the noise, and in `agent` and `copy`: `{who}_colour` and
    `{who}_content`, shares of wishes met; `{who}_any`, `{who}_raised` and so on: shares
    that changed unasked; `{who}_outside`: decibels outside of the edit (null: nothing
    differs).
    """
    count = 4 if quick else COUNT
    pairs = edit_pairs(count, SEED + 1, "test")
    before = edit_pictures(pairs)[0]
    result: Result = {"pairs": count}
    some = seeds[:1] if quick else seeds
    if not quick:
        found = for_seeds(partial(_seeded, pairs, SCALES[0]), some)
        result |= prefixed(f"guidance_{SCALES[0]:g}", found)
    result |= for_seeds(partial(_with_agent, pairs, SCALES[-1]), some)
    result |= prefixed("agent", row(pairs, agent(pairs)))
    return result | prefixed("copy", row(pairs, before))


def beside(quick: bool = False) -> Result:
    """Everything of 08b.S: what one edited picture costs, one at a time.

    Keys: the median CPU seconds of drawing it again (`generator_seconds`, guidance
    3), of running a plan (`agent_seconds`) and of finding one (`planner_seconds`, the
    one that ships); `generator_flops`, products of matrices and convolutions, from
    pixels to pixels; `planner_flops`; `agent_flops`: 0, for a plan has none; `repeats`.
    """
    repeats = 2 if quick else 15
    pairs = edit_pairs(2 * repeats, SEED + 2, "test")[::2]  # those for the colours
    before, planner = edit_pictures(pairs)[0], load_planner()
    result: Result = {"repeats": len(pairs), "agent_flops": 0}
    result["generator_flops"] = _generator_flops(pairs[:1])

    def draw(x: Images, pair: EditPair) -> None:
        TEDDY_EDIT.edit(network(), x[None], [pair.wish.text], SCALES[-1], 0)

    def run(x: Images, pair: EditPair) -> None:
        run_plan(x, pair.wish.plan, AllowList())

    def find(x: Images, pair: EditPair) -> None:
        with suppress(NoPlan):
            planner.plan(x, pair.wish.text)

    result["planner_flops"] = _counted(lambda: find(before[0], pairs[0]))
    ways = {"generator": draw, "agent": run, "planner": find}
    for who, way in ways.items():
        way(before[0], pairs[0])  # what is loaded once does not count
        spent = [
            _seconds(partial(way, *each)) for each in zip(before, pairs, strict=True)
        ]
        result[f"{who}_seconds"] = float(np.median(spent))
    return result


def _generator_flops(pairs: list[EditPair]) -> int:
    """Encode, ask in each step with the wish and without, decode."""
    before, ids = edit_pictures(pairs)[0], TEDDY_EDIT.ids(pairs)
    z, model = TEDDY_EDIT.latents_of(before), network()
    once = _counted(lambda: model(z, torch.ones(1), (ids, z)))
    ends = _counted(lambda: TEDDY_EDIT.rebuilt(before))
    return ends + passes(STEPS, guided=True) * once


def _counted(call: Callable[[], Any]) -> int:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        call()
    found: int = counter.get_total_flops()
    return found


def _seconds(way: Callable[[], None]) -> float:
    begin = time.process_time()
    way()
    return time.process_time() - begin
