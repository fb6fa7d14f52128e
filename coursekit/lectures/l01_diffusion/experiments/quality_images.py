"""Picture quality against the number of network evaluations (NFE), per sampler.

Figure 01.C for pictures. Two trained networks, four samplers on 5 to 100 of the 1000
steps, and the full ancestral chain. Every setting is kept as soon as it is sampled
(runs/quality_images/), so a stopped run goes on where it was.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch

from coursekit.datasets.images import to_uint8
from coursekit.experiments.cache import Images, kept_images
from coursekit.experiments.image_ruler import Ruler, correlation, make_ruler
from coursekit.experiments.summary import (
    Result,
    columns,
    entries,
    for_seeds,
    prefixed,
    sum_up,
)
from coursekit.lectures.l01_diffusion.experiments.quality_2d import walk
from coursekit.theory.ddpm import Model
from coursekit.theory.ddpm_samplers import ancestral
from coursekit.theory.ddpm_schedule import Schedule
from coursekit.theory.noise import pixel_noise
from coursekit.training.recipes_pixels import PIXELS

NFES = (5, 10, 20, 50, 100)
SAMPLERS = ("skipped", "ddim_0", "ddim_05", "ddim_1")
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
    name, nfe, seed, pictures = setting
    starts = torch.Generator().manual_seed(seed)
    fresh = torch.Generator().manual_seed(10_000 + seed)
    done = []
    for begin in range(0, pictures, BATCH):
        size = min(BATCH, pictures - begin)
        start = pixel_noise((size, *shape), starts)
        if name == "ancestral":
            states = ancestral(model, start, schedule, generator=fresh)
        else:
            kind = "ancestral_skipped" if name == "skipped" else name
            states = walk(kind, model, start, nfe, schedule, fresh)
        *_, x0 = states
        done.append(x0)
    return to_uint8(torch.cat(done))


def sample_all(name: str, settings: Sequence[Setting]) -> dict[Setting, Images]:
    """Sample (or read back) every setting for "fashion" or "teddy", with a bar.

    New weights start afresh.
    """
    from tqdm.auto import tqdm

    from coursekit.training.pretrained import card, load_model

    recipe = PIXELS[NAMES[name]]
    schedule, mark = recipe.make_schedule(), card(recipe.name)["sha256"]
    models = {clip: load_model(recipe.name, clip=clip) for clip in (True, False)}
    total, found = sum(s.nfe * s.pictures for s in settings), {}
    with tqdm(total=total, desc=name, unit="eval", unit_scale=True) as bar:
        for setting in settings:
            model = models[setting.sampler != "unclipped"]
            make = partial(sample, model, setting, schedule, recipe.shape)
            bar.set_postfix_str(f"{setting.sampler} {setting.nfe}")
            place = f"quality_images/{name}/" + "{}-{}-s{}-n{}".format(*setting)
            found[setting] = kept_images(place, (mark, setting), make)
            bar.update(setting.nfe * setting.pictures)
    return found


def judge(images: Mapping[Setting, Images], ruler: Ruler) -> Result:
    """Turn the pictures of all settings into the figures described in `measure`."""
    seeds = sorted({setting.seed for setting in images})
    nfes = sorted({s.nfe for s in images if s.sampler == "ddim_0"})
    scores = {setting: ruler.scores(found) for setting, found in images.items()}
    result: Result = {"nfes": nfes, "seeds_used": seeds}
    for sampler in {setting.sampler for setting in images}:
        counts = {s.nfe: s.pictures for s in images if s.sampler == sampler}
        rows = []
        for seed in seeds:
            settings = [Setting(sampler, n, seed, c) for n, c in counts.items()]
            lists = columns(scores[setting] for setting in settings)
            rows.append(entries(counts, lists))
            if sampler in SAMPLERS:
                rows[-1] |= lists
        result |= prefixed(sampler, sum_up(rows))
    most = max(setting.pictures for setting in images)
    for size in {setting.pictures for setting in images}:
        label = "floor" if size == most else f"floor_{size}"
        result |= prefixed(label, for_seeds(ruler.floor, seeds, size))
    return result | _same_picture(images, seeds, nfes)


def _same_picture(
    images: Mapping[Setting, Images], seeds: Sequence[int], nfes: Sequence[int]
) -> Result:
    """Correlation of a picture with the longest walk's from the same noise."""
    by_key = {setting[:3]: found for setting, found in images.items()}

    def one(sampler: str, seed: int) -> Result:
        *short, longest = (by_key[sampler, nfe, seed] for nfe in nfes)
        return {
            "same": [correlation(each, longest) for each in short],
            "other": correlation(longest, np.roll(longest, 1, axis=0)),
        }

    result: Result = {}
    for sampler in ("ddim_0", "ddim_1"):
        result |= prefixed(sampler, for_seeds(one, seeds, sampler))
    return result


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
    `ddim_0_other`: with another picture.
    """
    result: Result = {}
    for name, model in NAMES.items():
        ruler = make_ruler(name, quick)
        settings = plan(seeds, quick, PIXELS[model].num_steps)
        found = judge(sample_all(name, settings), ruler)
        result |= prefixed(name, found | {"features": ruler.description})
    return result
