"""Does the forward chain do what its closed form says, and what does noise destroy?

Figure 01.A. First part: many small steps against one jump, by moments and by MMD.
Second part: what a machine can still read off a teddy picture as noise grows.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.reader import read
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.toys import Mixture, lopsided
from coursekit.evaluation.distances import mmd2
from coursekit.experiments.summary import (
    Result,
    columns,
    curves,
    for_seeds,
    mean,
    mean_std,
    prefixed,
)
from coursekit.theory.ddpm import q_sample, q_step
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule, make_schedule, snr
from coursekit.theory.noise import fresh_noise

ATTRIBUTES = ("place", "fur", "hat", "glasses", "pose")
SCORES = ("mean_z", "var_z")
KS = (0, 50, 100, 200, 300, 400, 500, 600, 700, 800, 1000)  # where pictures are read
SHARES = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)  # of T: where chain and jump are compared


def chain(
    x: Tensor, schedule: Schedule, generator: torch.Generator
) -> Iterator[Tensor]:
    """Walk the forward chain one `q_step` at a time; yields x_1 .. x_T."""
    for k in range(1, schedule.num_steps + 1):
        x = q_step(x, everywhere(k, x), fresh_noise(x, generator), schedule)
        yield x


def jump(
    data: Mixture, n: int, k: int, schedule: Schedule, generator: torch.Generator
) -> Tensor:
    """A fresh sample of n points at step k by the closed form."""
    x0 = data.sample(n, generator)
    return q_sample(x0, everywhere(k, x0), fresh_noise(x0, generator), schedule)


def unshrunk(
    data: Mixture, n: int, k: int, schedule: Schedule, generator: torch.Generator
) -> Tensor:
    """The wrong chain that adds noise but forgets the factor sqrt(1 - beta)."""
    x0 = data.sample(n, generator)
    return x0 + schedule.beta[: k + 1].sum().sqrt() * fresh_noise(x0, generator)


def moment_scores(x: Tensor, y: Tensor) -> tuple[list[float], list[float]]:
    """z-scores of the difference of means and of variances, one per coordinate.

    The standard error of a variance comes from the fourth moment, so nothing is assumed
    about the law. x, y: (N, D) and (M, D), independent.
    """
    cx, cy = x - x.mean(0), y - y.mean(0)
    vx, vy = cx.square().mean(0), cy.square().mean(0)
    mean_error = (vx / len(x) + vy / len(y)).sqrt()
    spread_x = (cx**4).mean(0) - vx**2
    spread_y = (cy**4).mean(0) - vy**2
    var_error = (spread_x / len(x) + spread_y / len(y)).sqrt()
    mean_z = (x.mean(0) - y.mean(0)) / mean_error
    return mean_z.tolist(), ((vx - vy) / var_error).tolist()


def compared(
    seed: int, schedule: Schedule, ks: Sequence[int], moments_n: int, mmd_n: int
) -> dict[str, list[Any]]:
    """One walk against jumps, lists over ks: mean_z and var_z (`moment_scores`), and
    the squared MMDs mmd, floor and contrast.
    """
    data, generator, rows = lopsided(), torch.Generator().manual_seed(seed), []
    walk = chain(data.sample(moments_n, generator), schedule, generator)
    for k, xk in enumerate(walk, start=1):
        if k not in ks:
            continue
        direct = jump(data, moments_n, k, schedule, generator)
        other = jump(data, mmd_n, k, schedule, generator)
        swollen = unshrunk(data, mmd_n, k, schedule, generator)
        row: Result = dict(zip(SCORES, moment_scores(xk, direct), strict=True))
        points = {"mmd": xk[:mmd_n], "floor": other, "contrast": swollen}
        row |= {name: mmd2(x, direct[:mmd_n]) for name, x in points.items()}
        rows.append(row)
    return columns(rows)


def chain_vs_closed_form(
    seeds: Sequence[int] = (0, 1, 2), quick: bool = False
) -> Result:
    """Compare x_k from k small steps with x_k from one jump, at several k.

    Keys: ks; mean_z and var_z (largest |z| over coordinates and seeds, per k),
    z_max and z_rms over all z_count of them; mmd (squared MMD, chain against jump),
    floor (two jumps, same size), contrast (a chain that forgets to shrink, against the
    jump: it shows that the test sees a difference), each with _std over seeds, per k.
    And mmd_z_max, floor_z_max, contrast_z_max: the largest mmd, floor, contrast divided
    by floor_noise, the standard deviation of all floors.
    """
    schedule = make_schedule("linear-short", 200 if quick else 1000)
    sizes = (10_000, 600) if quick else (30_000, 2000)
    ks = [max(1, round(share * schedule.num_steps)) for share in SHARES]
    found = columns(compared(seed, schedule, ks, *sizes) for seed in seeds)
    z = torch.tensor([found[name] for name in SCORES], dtype=torch.float64)
    every = z.transpose(1, 2).flatten().tolist()  # z is (2, seeds, ks, coordinates)
    noise = mean_std([v for row in found["floor"] for v in row])[1]
    result: Result = {
        "ks": ks,
        "num_steps": schedule.num_steps,
        **dict(zip(SCORES, z.abs().amax((1, 3)).tolist(), strict=True)),
        "z_max": float(z.abs().max()),
        "z_rms": mean([each * each for each in every]) ** 0.5,
        "z_count": len(every),
        "floor_noise": noise,
    }
    for name in ("mmd", "floor", "contrast"):
        result |= curves(name, found[name])
        result[f"{name}_z_max"] = max(map(max, found[name])) / noise
    return result


def readability(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """What the teddy reader still gets right at step k of the chain (cosine, T = 1000).

    Test pictures with one bear are noised by `q_sample`, rounded back to pictures, and
    read. Keys: ks; snr at ks (0 stands for infinite at k = 0); for place, fur, hat,
    glasses and pose the fraction read correctly, a list over ks with _std; valid, the
    fraction the reader calls readable; `chance_` and the attribute, the rate of always
    naming the most frequent word; `half_` and the attribute, the first k of ks where
    more than half of the way from the clean rate to chance is lost.
    """
    schedule, n = make_schedule("cosine", 1000), 60 if quick else 400
    chances: list[dict[str, float]] = []

    def one(seed: int) -> dict[str, list[float]]:
        images, scenes = teddies(n, 32, seed=1000 + seed, split="test")
        x0, generator = to_model(images), torch.Generator().manual_seed(seed)
        truth = {name: [word(s, name) for s in scenes] for name in ATTRIBUTES}
        often = {name: max(map(words.count, words)) for name, words in truth.items()}
        chances.append({name: count / n for name, count in often.items()})
        rows = []
        for k in KS:
            eps = fresh_noise(x0, generator)
            xk = q_sample(x0, everywhere(k, x0), eps, schedule) if k else x0
            found = read(to_uint8(xk))
            row = {"valid": sum(r.valid for r in found) / n}
            for name, words in truth.items():
                pairs = zip(found, words, strict=True)
                row[name] = sum(getattr(r, name) == w for r, w in pairs) / n
            rows.append(row)
        return columns(rows)

    result, ratio = for_seeds(one, seeds), snr(schedule)
    for name, values in columns(chances).items():
        chance, _ = mean_std(values)
        middle = (result[name][0] + chance) / 2
        lost = [k for k, rate in zip(KS, result[name], strict=True) if rate < middle]
        result |= {f"chance_{name}": chance, f"half_{name}": min(lost, default=KS[-1])}
    return result | {
        "ks": list(KS),
        "snr": [float(ratio[k]) if k else 0.0 for k in KS],
    }


def word(scene: Scene, attribute: str) -> str:
    """The word of one attribute of a scene with one bear."""
    holder = scene if attribute == "place" else scene.bears[0]
    return str(getattr(holder, attribute))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.A: `chain_vs_closed_form`, and `readability` prefixed read_."""
    read_back = readability(seeds, quick)
    return chain_vs_closed_form(seeds, quick) | prefixed("read", read_back)
