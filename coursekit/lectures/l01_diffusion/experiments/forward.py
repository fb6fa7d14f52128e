"""Does the forward chain do what its closed form says, and what does noise destroy?

Figure 01.A. First part: many small steps against one jump, by moments and by MMD.
Second part: what a machine can still read off a teddy picture as noise grows.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.scene import Scene
from coursekit.datasets.toys import Mixture, lopsided
from coursekit.evaluation.distances import mmd2
from coursekit.experiments.summary import Result, curves, mean_std
from coursekit.theory.ddpm import q_sample, q_step
from coursekit.theory.ddpm_samplers import everywhere
from coursekit.theory.ddpm_schedule import Schedule, make_schedule, snr
from coursekit.theory.noise import fresh_noise

ATTRIBUTES = ("place", "fur", "hat", "glasses", "pose")
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
    moments_n, mmd_n = (10_000, 600) if quick else (30_000, 2000)
    data = lopsided()
    ks = [max(1, round(share * schedule.num_steps)) for share in SHARES]
    mean_z: list[list[float]] = [[] for _ in ks]
    var_z: list[list[float]] = [[] for _ in ks]
    found: dict[str, list[list[float]]] = {"mmd": [], "floor": [], "contrast": []}
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        rows: dict[str, list[float]] = {name: [] for name in found}
        walk = chain(data.sample(moments_n, generator), schedule, generator)
        for k, xk in enumerate(walk, start=1):
            if k not in ks:
                continue
            i = ks.index(k)
            direct = jump(data, moments_n, k, schedule, generator)
            for scores, new in zip(
                (mean_z, var_z), moment_scores(xk, direct), strict=True
            ):
                scores[i] += new
            other = jump(data, mmd_n, k, schedule, generator)
            swollen = unshrunk(data, mmd_n, k, schedule, generator)
            reference = direct[:mmd_n]
            rows["mmd"].append(mmd2(xk[:mmd_n], reference))
            rows["floor"].append(mmd2(other, reference))
            rows["contrast"].append(mmd2(swollen, reference))
        for name, row in rows.items():
            found[name].append(row)
    every = [z for scores in (mean_z, var_z) for row in scores for z in row]
    noise = mean_std([v for row in found["floor"] for v in row])[1]
    result: Result = {
        "ks": ks,
        "num_steps": schedule.num_steps,
        "mean_z": [max(abs(z) for z in row) for row in mean_z],
        "var_z": [max(abs(z) for z in row) for row in var_z],
        "z_max": max(abs(z) for z in every),
        "z_rms": (sum(z * z for z in every) / len(every)) ** 0.5,
        "z_count": len(every),
        "floor_noise": noise,
        "mmd_z_max": max(v for row in found["mmd"] for v in row) / noise,
        "floor_z_max": max(v for row in found["floor"] for v in row) / noise,
        "contrast_z_max": max(v for row in found["contrast"] for v in row) / noise,
    }
    for name, table in found.items():
        result |= curves(name, table)
    return result


def readability(
    ks: Sequence[int] = (0, 50, 100, 200, 300, 400, 500, 600, 700, 800, 1000),
    seeds: Sequence[int] = (0, 1, 2),
    quick: bool = False,
    schedule: Schedule | None = None,
) -> Result:
    """What the teddy reader still gets right at step k of the chain (cosine, T = 1000).

    Test pictures with one bear are noised by `q_sample`, rounded back to pictures, and
    read. Keys: ks; snr at ks (0 stands for infinite at k = 0); for place, fur, hat,
    glasses and pose the fraction read correctly, a list over ks with _std; valid, the
    fraction the reader calls readable; `chance_` and the attribute, the rate of always
    naming the most frequent word; `half_` and the attribute, the first k of ks where
    more than half of the way from the clean rate to chance is lost.
    """
    from coursekit.datasets.teddy.reader import read
    from coursekit.datasets.teddy.sample import teddies

    chain_schedule = schedule or make_schedule("cosine", 1000)
    n = 60 if quick else 400
    rows: dict[str, list[list[float]]] = {name: [] for name in (*ATTRIBUTES, "valid")}
    chances: dict[str, list[float]] = {name: [] for name in ATTRIBUTES}
    for seed in seeds:
        images, scenes = teddies(n, 32, seed=1000 + seed, split="test")
        x0, generator = to_model(images), torch.Generator().manual_seed(seed)
        truth = {name: [word(s, name) for s in scenes] for name in ATTRIBUTES}
        for name, words in truth.items():
            chances[name].append(max(map(words.count, words)) / n)
        curve: dict[str, list[float]] = {name: [] for name in rows}
        for k in ks:
            eps = fresh_noise(x0, generator)
            xk = q_sample(x0, everywhere(k, x0), eps, chain_schedule) if k else x0
            readings = read(to_uint8(xk))
            curve["valid"].append(sum(r.valid for r in readings) / n)
            for name, words in truth.items():
                right = [
                    getattr(r, name) == w for r, w in zip(readings, words, strict=True)
                ]
                curve[name].append(sum(right) / n)
        for name, values in curve.items():
            rows[name].append(values)
    ratio = snr(chain_schedule)
    result: Result = {
        "ks": list(ks),
        "snr": [float(ratio[k]) if k else 0.0 for k in ks],
    }
    for name, table in rows.items():
        result |= curves(name, table)
    for name, values in chances.items():
        chance, _ = mean_std(values)
        middle = (result[name][0] + chance) / 2
        lost = [k for k, rate in zip(ks, result[name], strict=True) if rate < middle]
        result |= {f"chance_{name}": chance, f"half_{name}": min(lost, default=max(ks))}
    return result


def word(scene: Scene, attribute: str) -> str:
    """The word of one attribute of a scene with one bear."""
    holder = scene if attribute == "place" else scene.bears[0]
    return str(getattr(holder, attribute))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.A: `chain_vs_closed_form`, and `readability` prefixed read_."""
    read = readability(seeds=seeds, quick=quick)
    return chain_vs_closed_form(seeds, quick) | {
        f"read_{k}": v for k, v in read.items()
    }
