"""Figure 06a.S: which shift the step from 32 to 64 pixels wants in *latents*.

The latents at 64 pixels have 16 x 16 places, those at 32 pixels 8 x 8, of 8 numbers
each. Whether four neighbours say the same thing four times, as pixels do, nobody knows
beforehand. So it is measured: probes read the same scenes in noisy latents of both.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.summary import Result, for_seeds, mean
from coursekit.lectures.l06a_training_and_tuning.experiments import probes
from coursekit.training.latent_space import Space
from coursekit.training.recipe import Data

ASKED = ("place", "fur", "hat", "glasses", "pose")
SPACES = {32: "teddy-vae", 64: "teddy-64-vae"}


def latents(space: Space, size: int, count: int, split: str) -> tuple[Tensor, Tensor]:
    """Latents and right answers of scenes with one bear."""
    seed = 0 if split == "train" else 900
    pictures, scenes = teddies(count, size, seed=seed, split=split)
    data = space.encoded(Data(torch.from_numpy(pictures), "scenes with one bear"))
    return data.x, probes.answers(scenes, ASKED)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06a.S.

    Keys: `times`; `{attribute}_{size}` over them with _std, 1 as without noise, 0 by
    chance; `clean_{size}`, accuracies without noise, in the order of `asked`;
    `{attribute}_factor`, how much more noise the latents of the larger pictures bear,
    and `factor`, the geometric mean of these, with _std and _all; `numbers_{size}`, how
    many numbers a latent has, and `by_numbers`, the root of their ratio.
    """
    steps, train, test = (2, 32, 16) if quick else (500, 4000, 800)
    spaces = {size: Space(name) for size, name in SPACES.items()}
    sets = {
        size: (
            latents(space, size, train, "train"),
            latents(space, size, test, "test"),
        )
        for size, space in spaces.items()
    }

    def one(seed: int) -> Result:
        found: Result = {}
        for size, ((x0, right), held) in sets.items():
            torch.manual_seed(seed)
            probe = probes.Probe(x0.shape[1:], 8, ASKED)
            probes.train_probe(probe, x0, right, steps, seed)
            shares = probes.left(probe.eval(), *held)
            found |= {f"{name}_{size}": each for name, each in shares.items()}
        if quick:
            return found
        factors = {n: probes.factor(found[f"{n}_32"], found[f"{n}_64"]) for n in ASKED}
        logs = [math.log(each) for each in factors.values()]
        found |= {f"{name}_factor": each for name, each in factors.items()}
        return found | {"factor": math.exp(mean(logs))}

    numbers = {size: math.prod(space.shape(size)) for size, space in spaces.items()}
    result: Result = {
        "times": [probes.time_at(step) for step in probes.STEPS],
        "asked": list(ASKED),
    }
    result |= {f"numbers_{size}": count for size, count in numbers.items()}
    result["by_numbers"] = math.sqrt(numbers[64] / numbers[32])
    return result | for_seeds(one, seeds[:1] if quick else seeds)
