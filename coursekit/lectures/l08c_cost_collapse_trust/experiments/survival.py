"""What survives: marks and attacks, at one rate of false alarms.

Each scheme marks 200 pictures, each attack is done to all of them, and to 1,000 clean
pictures. The threshold of a scheme after an attack is chosen on the clean pictures
after the same attack.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import NamedTuple, cast

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw

from coursekit.datasets import emoji
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.reconstruction import Images, psnr
from coursekit.evaluation.watermarking import Bits, heard
from coursekit.experiments.cache import kept
from coursekit.experiments.summary import Result
from coursekit.lectures.l08c_cost_collapse_trust.experiments.rings import (
    ring_score,
    usual,
)
from coursekit.models.watermark import SIDE, Watermark
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.hidden_marks import own_bits, with_mark
from coursekit.pipeline.parts import loaded
from coursekit.pipeline.reimagine import NAME, reimagine
from coursekit.pipeline.signing import MADE
from coursekit.training.pretrained import card
from coursekit.trust.attacks import ATTACKS, Pixels, pixels_of, png_of
from coursekit.trust.false_alarms import threshold_at
from coursekit.trust.least_bits import read_bits, write_bits
from coursekit.trust.manifest import manifest_of, now, sign_file
from coursekit.trust.verdict import judge

RATE, CLEAN, MARKED = 0.01, 1000, 200
IMAGE = "image to image"
TOLD = ("watermark", NAME)  # checkpoints that the numbers depend on
Files = list[bytes]


class Scheme(NamedTuple):
    """One way to mark pictures, and how likely a file is to carry the mark."""

    mark: Callable[[Images], Files]  # clean pictures to marked files
    score: Callable[[Files], Sequence[float]]  # larger: more likely marked
    bits: int  # of the payload
    same: bool = True  # the marked pictures show what the clean ones do


def files_of(pictures: Sequence[Pixels] | Images) -> Files:
    """PNG files that say nothing else."""
    return [png_of(picture) for picture in pictures]


def after(attack: str, files: Files) -> Files:
    """The files after an attack, one of ATTACKS or IMAGE."""
    if attack == IMAGE:
        return reimagine(files)
    return [ATTACKS[attack](content) for content in files]


def agreeing(bits: Bits) -> list[float]:
    """How many of each row's bits are coursekit's."""
    return [float(right) for right in (bits == own_bits()).sum(axis=1)]


def least(pictures: Images) -> Files:
    """Pictures with coursekit's bits in their lowest ones."""
    return files_of([write_bits(picture, own_bits()) for picture in pictures])


def score_least(files: Files) -> list[float]:
    """How many of the lowest bits are coursekit's."""
    return agreeing(np.stack([read_bits(pixels_of(f), 32) for f in files]))


def score_learnt(files: Files) -> list[float]:
    """How many of the bits that the network hears are coursekit's."""
    net = cast(Watermark, loaded("watermark"))
    return agreeing(heard(net, [pixels_of(content) for content in files]))


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLAIM = {
    "title": "bear.png",
    "tool": {"name": "coursekit", "version": "survival"},
    "created": "2026-01-01T00:00:00Z",
    "actions": [MADE],
    "ingredients": [],
}


def signed(pictures: Images) -> Files:
    """Pictures in files that KEY has signed."""
    return [sign_file(content, CLAIM, KEY) for content in files_of(pictures)]


def score_signed(files: Files) -> list[float]:
    """1 for each file whose verdict is "trusted"."""
    trusted = {KEY.public_key().public_bytes_raw(): "survival"}
    return [float(judge(each, trusted, now()).state == "trusted") for each in files]


def ringed(pictures: Images) -> Files:
    """As many pictures as are given, of bears again, drawn from marked noise."""
    asked, _ = prompts(len(pictures), "test", 5_000_000, "solo")
    return files_of(usual().draw(asked, seed=1))


def score_ringed(files: Files) -> list[float]:
    """How near the noise that pictures of one size come from is to the key."""
    scores = ring_score(np.stack([pixels_of(each) for each in files]))
    return [float(score) for score in scores]


def schemes() -> dict[str, Scheme]:
    """All schemes that are there, by name."""
    length = len(manifest_of(signed(np.zeros((1, 8, 8, 3), np.uint8))[0]) or b"")
    found = {
        "manifest": Scheme(signed, score_signed, 8 * length),
        "least_bits": Scheme(least, score_least, 32),
    }
    if is_there("watermark"):
        learnt = Scheme(lambda x: files_of(with_mark(x)), score_learnt, 32)
        found["learnt"] = learnt
    if is_there(NAME):
        found["tree_ring"] = Scheme(ringed, score_ringed, 0, same=False)
    return found


def clean_pictures(count: int, seed: int = 0) -> Images:
    """Pictures (count, 64, 64, 3) without a mark, of many kinds.

    Seven tenths are bears, two tenths emoji; the rest are black, white, flat colours
    and letters on them. No training has seen the bears.
    """
    rng = np.random.default_rng(seed)
    bears, _ = teddies(count * 7 // 10, SIDE, 4_000_000 + seed, "test", "group")
    small = emoji.load("pairs").images
    small = small[rng.permutation(len(small))[: count // 5]]
    others = list(small.repeat(2, axis=1).repeat(2, axis=2))
    while len(bears) + len(others) < count:
        place = len(others)
        colour = tuple(rng.integers(0, 256, 3).tolist())
        back = ((0, 0, 0), (255, 255, 255), colour, colour)[place % 4]
        sheet = Image.new("RGB", (SIDE, SIDE), back)
        if place % 4 == 3:
            letters = "".join(chr(65 + int(n)) for n in rng.integers(0, 26, 8))
            ink = ImageDraw.Draw(sheet)
            ink.text((4, 8), letters, (255, 255, 255))
            ink.text((4, 34), letters[::-1], (0, 0, 0))
        others.append(np.asarray(sheet))
    return np.concatenate([bears, np.stack(others)])


@cache
def null_files(attack: str, clean: int) -> Files:
    """The clean pictures after an attack, which all schemes share."""
    return after(attack, files_of(clean_pictures(clean)))


def survival(
    marks: dict[str, Scheme], attacks: Sequence[str], clean: int, marked: int
) -> Result:
    """Shares of marked pictures that are found, for each scheme after each attack."""
    pictures, _ = teddies(marked, SIDE, 5_000_000, "test", "group")
    found: Result = {}
    for name, scheme in marks.items():
        files = scheme.mark(pictures)
        found[f"{name}_bits"] = scheme.bits
        if scheme.same:
            seen = np.stack([pixels_of(content) for content in files])
            found[f"{name}_psnr"] = psnr(pictures, seen)
        for attack in attacks:
            key = f"{name}_{attack.replace(' ', '_').replace('-', '_').lower()}"
            null = threshold_at(scheme.score(null_files(attack, clean)), RATE)
            scores = np.array(scheme.score(after(attack, files)))
            found[f"{key}_found"] = float((scores >= null.value).mean())
            found[f"{key}_least"] = null.value
            found[f"{key}_alarms"] = null.rate
            found[f"{key}_alarms_high"] = null.high
    return found


def measure(quick: bool = False) -> Result:
    """Everything of 08c.B.

    Keys: `clean`, `marked`, counts of pictures; for each scheme `{scheme}_bits`, the
    payload, and `{scheme}_psnr`; for each attack `{scheme}_{attack}` with `_found`, the
    share of marked pictures found, `_least`, the threshold, `_alarms`, the true rate of
    false alarms among the clean ones after the same attack, and `_alarms_high`, the
    upper end of its interval. One training, one draw of pictures.
    """
    clean, marked = (100, 20) if quick else (CLEAN, MARKED)
    attacks = [*ATTACKS, *([IMAGE] if is_there(NAME) and not quick else [])]
    found: Result = {"clean": clean, "marked": marked, "rate": RATE}
    for name, scheme in schemes().items():
        weights = [card(each)["sha256"] for each in TOLD if is_there(each)]
        settings = (name, attacks, clean, marked, weights)
        compute = partial(survival, {name: scheme}, attacks, clean, marked)
        found |= kept(f"survival/{name}", settings, compute)
    return found
