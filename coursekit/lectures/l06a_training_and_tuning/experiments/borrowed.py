"""Figure 06a.C: does it help to see what a teacher sees (REPA, Yu et al. 2024)?

One small DiT on latents, equal batches and steps: alone, beside the picture tower of
our CLIP, and beside the same tower with random weights. Two rulers: the velocity error
on held-out pictures, and how well the fur can be read off the tokens by a linear map.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import FURS, HATS, Scene
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l06a_training_and_tuning.experiments.stage_runs import PATH
from coursekit.models.aligned import Aligned, overheard
from coursekit.models.dit import DiTConfig
from coursekit.training.forgetting import velocity_error, watched
from coursekit.training.latent_space import Space
from coursekit.training.loop import Run
from coursekit.training.recipe import Data, Profile
from coursekit.training.recipes_latent import TEDDY_REPA

NETWORK = DiTConfig(channels=8, size=8, patch=1, width=64, depth=4)
LOOKED = 0.5  # the time at which tokens are read
TEACHERS = {"alone": (True, 0.0), "clip": (True, 0.5), "random": (False, 0.5)}


def _tokens(model: nn.Module, x0: Tensor, after: int) -> Tensor:
    """The mean token of each picture behind so many blocks, at time LOOKED."""
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(902))
    t = torch.full((len(x0),), LOOKED)
    block = Aligned(model, after, 1).block
    with torch.no_grad(), overheard(block) as tokens:
        model(PATH.corrupt(x0, eps, t), t)
    found = torch.cat([tokens[0].mean(1), torch.ones(len(x0), 1)], dim=1)
    return found.double()


def _read_off(known: Tensor, asked: Tensor, words: Tensor, answers: Tensor) -> float:
    """How often a linear map, fitted to tokens whose words are known, is right."""
    want = one_hot(words).double()
    gram = known.T @ known + 1e-3 * torch.eye(known.shape[1]).double()
    guessed = (asked @ torch.linalg.solve(gram, known.T @ want)).argmax(1)
    return float((guessed == answers).double().mean())


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.C.

    Keys: `steps`, `batch`, `pictures`, `blocks` (before the tokens, of `depth`),
    `weight`; `steps_seen`, and over it for teacher in "alone", "clip", "random" the
    list `{teacher}_error` with _std, the held-out velocity error; with _std and _all
    `{teacher}_end`, the last of these, and `{teacher}_fur` and `{teacher}_hat`, the
    share of held-out pictures whose fur or hat a linear map reads off the mean token.
    """
    steps, many, count = (4, 60, 24) if quick else (300, 2000, 200)
    seeds = seeds[:1] if quick else seeds
    recipe = TEDDY_REPA
    space, data = Space("teddy-vae"), {}
    for trained in (True, False):
        data[trained] = replace(recipe, trained=trained).load(many)
    known = teddies(many, 32, seed=0)[1]
    pictures, asked = teddies(count, 32, seed=900, split="test")
    x0 = space.encoded(Data(torch.from_numpy(pictures), "")).x
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(901))
    t = (torch.arange(count) + 0.5) / count
    profile = Profile(NETWORK, steps, 32, 2e-3, warmup=30, ema=0.98)

    def fur(scene: Scene) -> int:
        return FURS.index(scene.bears[0].fur)

    def hat(scene: Scene) -> int:
        return HATS.index(scene.bears[0].hat)

    def one(teacher: str, seed: int) -> Result:
        trained, weight = TEACHERS[teacher]
        mine = replace(recipe, seed=seed, trained=trained, weight=weight)
        run = Run(mine, profile, data[trained], precision="bf16")
        probe = {"error": lambda model: velocity_error(model, x0, eps, t)}
        looks = columns(watched(run, probe, max(1, steps // 4)))
        model = run.averaged()
        ours = _tokens(model, data[True].x, mine.after)
        theirs = _tokens(model, x0, mine.after)
        read = {
            name: _read_off(
                ours,
                theirs,
                torch.tensor([word(scene) for scene in known]),
                torch.tensor([word(scene) for scene in asked]),
            )
            for name, word in (("fur", fur), ("hat", hat))
        }
        result["steps_seen"] = [int(step) for step in looks["step"]]
        return {"error": looks["error"], "end": looks["error"][-1], **read}

    result: Result = {"steps": steps, "batch": profile.batch, "pictures": many}
    result |= {"blocks": recipe.after, "depth": NETWORK.depth, "weight": 0.5}
    for teacher in TEACHERS:
        result |= prefixed(teacher, for_seeds(one, seeds, teacher))
    return result
