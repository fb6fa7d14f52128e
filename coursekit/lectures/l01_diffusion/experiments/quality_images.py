"""Picture quality against the number of network evaluations (NFE), per sampler.

Figure 01.C for pictures. Two trained networks, four samplers on 5 to 100 of the 1000
steps, and the full ancestral chain. Every setting is kept as soon as it is sampled
(runs/quality_images/), so a stopped run goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import coursekit
from coursekit.datasets.images import to_uint8
from coursekit.experiments.image_ruler import Ruler, correlation, make_ruler
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.theory.ddpm import Model
from coursekit.theory.ddpm_samplers import ancestral, ancestral_skipped, ddim, respaced
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.training.recipes_pixels import PIXELS

Images = NDArray[np.uint8]
NFES = (5, 10, 20, 50, 100)
SAMPLERS = ("skipped", "ddim_0", "ddim_05", "ddim_1")
ETA = {"ddim_0": 0.0, "ddim_05": 0.5, "ddim_1": 1.0, "unclipped": 0.0}
NAMES = {"fashion": "fashion-ddpm", "teddy": "teddy-ddpm"}
BATCH = 32


class Setting(NamedTuple):
    """One sampler at one number of evaluations, one seed, a number of pictures."""

    sampler: str
    nfe: int
    seed: int
    pictures: int


def plan(seeds: Sequence[int], quick: bool, num_steps: int = 1000) -> list[Setting]:
    """All settings, cheap ones first. "unclipped" is ddim_0 without clipping x0_hat."""
    if quick:
        grid = [(s, n) for n in (5, 10, 20) for s in ("skipped", "ddim_0", "ddim_1")]
        return [Setting(s, n, seeds[0], 16) for s, n in grid]
    grid = [(s, n) for n in NFES for s in SAMPLERS] + [("unclipped", 20)]
    short = [Setting(s, n, seed, 64) for s, n in grid for seed in seeds]
    return short + [Setting("ancestral", num_steps, seed, 24) for seed in seeds]


def sample(
    model: Model, setting: Setting, schedule: Schedule, shape: tuple[int, ...]
) -> Images:
    """The pictures of one setting, uint8 (N, H, W, C).

    The starting noise depends on the seed alone, so one seed starts every sampler from
    the same noise.
    """
    starts = torch.Generator().manual_seed(setting.seed)
    fresh = torch.Generator().manual_seed(10_000 + setting.seed)
    done = []
    for begin in range(0, setting.pictures, BATCH):
        size = min(BATCH, setting.pictures - begin)
        start = torch.randn((size, *shape), generator=starts)
        *_, x0 = _walk(model, start, setting, schedule, fresh)
        done.append(x0)
    return to_uint8(torch.cat(done))


def _walk(
    model: Model,
    start: Tensor,
    setting: Setting,
    schedule: Schedule,
    generator: torch.Generator,
) -> Iterator[Tensor]:
    if setting.sampler == "ancestral":
        return ancestral(model, start, schedule, generator=generator)
    ks = respaced(schedule.num_steps, setting.nfe)
    if setting.sampler == "skipped":  # the larger variance, as in the DDIM paper
        return ancestral_skipped(model, start, ks, schedule, "beta", generator)
    return ddim(model, start, ks, schedule, ETA[setting.sampler], generator)


def keep(folder: Path, setting: Setting, make: Callable[[], Images]) -> Images:
    """The pictures of a setting: read them if they were kept, else make and keep."""
    path = folder / "{}-{}-s{}-n{}.npy".format(*setting)
    if path.is_file():
        kept: Images = np.load(path)
        return kept
    images = make()
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.save(file, images)
    partial.replace(path)
    return images


def sample_all(name: str, settings: Sequence[Setting]) -> dict[Setting, Images]:
    """Sample (or read back) every setting for "fashion" or "teddy", with a bar.

    The folder carries the checksum of the weights: new weights start afresh.
    """
    from tqdm.auto import tqdm

    from coursekit.training.pretrained import card, load_model

    recipe = PIXELS[NAMES[name]]
    schedule, mark = recipe.make_schedule(), card(recipe.name)["sha256"][:12]
    models = {clip: load_model(recipe.name, clip=clip) for clip in (True, False)}
    root = Path(coursekit.__file__).resolve().parents[1]
    folder = root / "runs" / "quality_images" / f"{name}-{mark}"
    total, found = sum(s.nfe * s.pictures for s in settings), {}
    with tqdm(total=total, desc=name, unit="eval", unit_scale=True) as bar:
        for setting in settings:

            def make(setting: Setting = setting) -> Images:
                model = models[setting.sampler != "unclipped"]
                return sample(model, setting, schedule, recipe.shape)

            bar.set_postfix_str(f"{setting.sampler} {setting.nfe}")
            found[setting] = keep(folder, setting, make)
            bar.update(setting.nfe * setting.pictures)
    return found


def judge(images: dict[Setting, Images], ruler: Ruler) -> Result:
    """Turn the pictures of all settings into the figures described in `measure`."""
    seeds = sorted({setting.seed for setting in images})
    nfes = sorted({s.nfe for s in images if s.sampler == "ddim_0"})
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for setting, pictures in sorted(images.items(), key=lambda item: item[0].seed):
        scores = ruler.scores(pictures)
        found.setdefault((setting.sampler, setting.nfe), []).append(scores)
    result: Result = {"nfes": nfes, "seeds_used": seeds}
    for (sampler, nfe), rows in found.items():
        for figure in rows[0]:
            name = f"{sampler}_{nfe}_{figure}"
            result |= over_seeds(name, [row[figure] for row in rows])
    for sampler in sorted({sampler for sampler, _ in found if sampler in SAMPLERS}):
        for figure in found[sampler, nfes[0]][0]:
            table = [
                [found[sampler, nfe][i][figure] for nfe in nfes]
                for i in range(len(seeds))
            ]
            result |= curves(f"{sampler}_{figure}", table)
    count = max(setting.pictures for setting in images)
    for size in sorted({setting.pictures for setting in images}):
        label = "floor" if size == count else f"floor_{size}"
        floors = [ruler.scores(ruler.real(size, seed)) for seed in seeds]
        for figure in floors[0]:
            result |= over_seeds(f"{label}_{figure}", [row[figure] for row in floors])
    return result | _same_picture(images, seeds, nfes)


def _same_picture(
    images: dict[Setting, Images], seeds: Sequence[int], nfes: Sequence[int]
) -> Result:
    """Correlation of a picture with the longest walk's from the same noise."""
    result: Result = {}
    by_key = {(s.sampler, s.nfe, s.seed): v for s, v in images.items()}
    for sampler in ("ddim_0", "ddim_1"):
        rows = [
            [
                correlation(by_key[sampler, nfe, s], by_key[sampler, nfes[-1], s])
                for nfe in nfes[:-1]
            ]
            for s in seeds
        ]
        result |= curves(f"{sampler}_same", rows)
        others = [
            correlation(v, np.roll(v, 1, axis=0))
            for v in (by_key[sampler, nfes[-1], s] for s in seeds)
        ]
        result |= over_seeds(f"{sampler}_other", others)
    return result


def quality(name: str, seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """The figures of one network, "fashion" or "teddy"; see `measure` for the keys."""
    recipe = PIXELS[NAMES[name]]
    settings = plan(seeds, quick, recipe.num_steps)
    ruler = make_ruler(name, quick)
    return judge(sample_all(name, settings), ruler) | {"features": ruler.description}


def summary(measured: Result) -> str:
    """What was found, in words and figures; the keys are those of `measure`."""
    lines = []
    few, many = measured["fashion_nfes"][1], measured["fashion_nfes"][-1]
    for name, title in (("fashion", "Fashion-MNIST"), ("teddy", "teddies")):

        def shown(key: str, name: str = name) -> str:
            mean, std = (measured[f"{name}_{key}_frechet{x}"] for x in ("", "_std"))
            return f"{mean:.1f} +- {std:.1f}"

        pairs = [
            f"{label} {shown(f'{sampler}_{few}')} and {shown(f'{sampler}_{many}')}"
            for sampler, label in (
                ("ddim_0", "DDIM with eta 0"),
                ("ddim_1", "with eta 1"),
                ("skipped", "DDPM with steps skipped"),
            )
        ]
        lines.append(
            f"Fréchet distance of {title} after {few} and {many} evaluations: "
            f"{', '.join(pairs)}; real pictures {shown('floor')}."
        )
    lines.append(
        f"The reader accepts {measured[f'teddy_ddim_1_{many}_valid']:.0%} of teddies "
        f"(eta 1, {many} evaluations), {measured['teddy_floor_valid']:.0%} of real."
    )
    return " ".join(lines)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 01.C, prefixed fashion_ and teddy_.

    Samplers: skipped (DDPM on a sub-sequence, variance beta), ddim_0, ddim_05, ddim_1
    (eta 0, 1/2, 1), ancestral (all 1000 steps), unclipped (ddim_0 without clipping).
    Figures: frechet, energy (both in the feature space described under `features`) and,
    for teddies, valid (the part that the reader takes for a scene). Keys:
    `{sampler}_{nfe}_{figure}` with _std and _all; `{sampler}_{figure}`, lists over
    `nfes`, with _std; `floor_{figure}`, real against real at the same count (floor_24_
    for the full chain's smaller count); `ddim_0_same`, lists over nfes[:-1]:
    correlation of a picture with the one of the longest walk from the same noise;
    `ddim_0_other`: with another picture. For fashion, classifier_accuracy.
    """
    result: Result = {}
    for name in NAMES:
        part = quality(name, seeds, quick)
        result |= {f"{name}_{key}": value for key, value in part.items()}
    return result | {"summary_text": summary(result)}
