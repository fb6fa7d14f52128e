"""Figure 03.D: rectified flow once, twice, three times, on two toys.

Each round carries noise to data with the flow so far and trains on these pairs from the
weights it has (Liu et al. 2023). Two controls: a network that goes on training on
strangers for one more round, and one trained on pairs dealt out by minibatch optimal
transport. The ruler is the energy distance to fresh exact data.
"""

from collections.abc import Sequence

import torch
from torch import nn

from coursekit.datasets.toys import SHAPES
from coursekit.evaluation.distances import energy_distance
from coursekit.experiments.films import last
from coursekit.experiments.summary import Result, for_seeds, prefixed, ratios
from coursekit.lectures.l03_flow_matching.experiments.training import (
    dealt_out,
    partners,
    strangers,
    train_flow,
)
from coursekit.theory.couplings import transport_cost
from coursekit.theory.flow import follow
from coursekit.theory.reflow import make_pairs, straightness
from coursekit.theory.solvers import time_grid

NFES = (1, 2, 4, 8, 32)
TOYS = ("two_moons", "ring")
FLOWS = ("flow1", "flow2", "flow3", "longer", "transport")
PAIR_STEPS = 100  # Euler steps from a pair's noise to its data


def five_flows(shape: str, seed: int, steps: int, count: int) -> dict[str, nn.Module]:
    """Three rounds and the two controls, by the names in FLOWS."""
    drawn = strangers(shape)
    first = train_flow(drawn, steps=steps, seed=seed)
    flows: dict[str, nn.Module] = {"flow1": first}
    for number in (2, 3):
        before = flows[f"flow{number - 1}"]
        generator = torch.Generator().manual_seed(10_000 * number + seed)
        noise = torch.randn(count, 2, generator=generator)
        pairs = partners(*make_pairs(before, noise, time_grid(PAIR_STEPS)))
        own = 100 * number + seed
        flows[f"flow{number}"] = train_flow(pairs, steps=steps, seed=own, start=before)
    return flows | {
        "longer": train_flow(drawn, steps=steps, seed=200 + seed, start=first),
        "transport": train_flow(dealt_out(shape), steps=steps, seed=seed),
    }


@torch.no_grad()
def judge(model: nn.Module, shape: str, seed: int, count: int) -> Result:
    """Straightness, the cost of its pairs, and the distance at each number of steps."""
    generator = torch.Generator().manual_seed(77_000 + seed)
    noise = torch.randn(count, 2, generator=generator)
    target = SHAPES[shape](count, generator)
    ts = time_grid(100)
    found: Result = {
        "straightness": float(straightness(model, noise, ts)),
        "cost": float(transport_cost(*make_pairs(model, noise, ts))),
    }
    ends = [last(follow(model, noise, time_grid(n))) for n in NFES]
    found["energy"] = [energy_distance(x, target) for x in ends]
    for n, energy in zip(NFES, found["energy"], strict=True):
        found[f"energy_{n}"] = energy
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.D.

    Keys `{toy}_{flow}_{figure}` with _std and _all: figure is `straightness` (mean
    square per dimension), `cost` (mean squared distance of noise and sample) or
    `energy_{nfe}`; `{toy}_{flow}_energy`, lists over `nfes`, with _std; flow is one of
    FLOWS. `{toy}_floor`: exact against exact. `{toy}_straighter`: straightness of flow
    1 over that of flow 2, `{toy}_gain`: the same for the one-step distance, each the
    smallest of the seeds.
    """
    steps, count, pairs = (150, 400, 1000) if quick else (4000, 4000, 50_000)
    result: Result = {"nfes": list(NFES), "steps": steps, "pairs": pairs}
    result |= {"pair_steps": PAIR_STEPS, "samples": count}

    def one(shape: str, seed: int) -> Result:
        generator = torch.Generator().manual_seed(88_000 + seed)
        exact = [SHAPES[shape](count, generator) for _ in range(2)]
        found: Result = {"floor": energy_distance(*exact)}
        for name, model in five_flows(shape, seed, steps, pairs).items():
            found |= prefixed(name, judge(model, shape, seed, count))
        return found

    for shape in TOYS if not quick else TOYS[:1]:
        found = for_seeds(one, seeds, shape)
        for key, figure in {"straighter": "straightness", "gain": "energy_1"}.items():
            above, below = (found[f"flow{n}_{figure}_all"] for n in (1, 2))
            found[f"{key}_all"] = ratios(above, below)
            found[key] = min(found[f"{key}_all"])
        result |= prefixed(shape, found)
    return result
