"""Authority: Pillow's own conversion, fixed points and the pixels' order."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from coursekit.editing import colour
from coursekit.editing.operations import COLOUR, OPERATIONS

GENERATOR = np.random.default_rng(0)
NOISE = GENERATOR.integers(0, 256, (40, 50, 3), dtype=np.uint8)
GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)


def values(name: str) -> dict[str, float]:
    return {k.name: GENERATOR.uniform(k.low, k.high) for k in OPERATIONS[name].knobs}


def test_pure_colours_and_all_greys_by_bt_601():
    pure = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    assert colour.luma(pure).tolist() == [[76, 150, 29]]
    assert (colour.grayscale(GREYS) == GREYS).all()
    assert (colour.saturation(GREYS, 37) == GREYS).all()


def test_luma_is_pillows_within_one():
    theirs = np.asarray(Image.fromarray(NOISE).convert("L")).astype(int)
    assert abs(colour.luma(NOISE).astype(int) - theirs).max() <= 1


@pytest.mark.parametrize(
    "ours,theirs",
    [
        (colour.brightness, ImageEnhance.Brightness),
        (colour.saturation, ImageEnhance.Color),
    ],
)
def test_pillows_enhancers_agree_within_one(ours, theirs):
    for amount in (-100, -40, 0, 25, 100):
        want = theirs(Image.fromarray(NOISE)).enhance(1 + amount / 100)
        assert abs(ours(NOISE, amount).astype(int) - np.asarray(want)).max() <= 1


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "exposure"])
def test_zero_changes_no_byte(name):
    assert (OPERATIONS[name].run(NOISE, 0) == NOISE).all()


@pytest.mark.parametrize("name", ["temperature", "tint"])
def test_zero_of_the_balance_changes_no_byte(name):
    assert (OPERATIONS[name].run(NOISE, 0) == NOISE).all()


@pytest.mark.parametrize("name", sorted(COLOUR))
def test_a_colour_operation_does_not_know_where_a_pixel_is(name):
    order = GENERATOR.permutation(NOISE.shape[0] * NOISE.shape[1])

    def shuffled(image: np.ndarray) -> np.ndarray:
        return image.reshape(-1, 3)[order].reshape(image.shape)

    for _ in range(20):
        how = values(name)
        run = OPERATIONS[name].run
        assert (run(shuffled(NOISE), **how) == shuffled(run(NOISE, **how))).all()


@pytest.mark.parametrize("name", ["blur", "sharpen", "mirror", "crop"])
def test_canary_the_others_do(name):
    how = {"radius": 3, "amount": 150, "left": 0, "top": 0, "right": 0.5, "bottom": 1}
    how = {k.name: how[k.name] for k in OPERATIONS[name].knobs}
    order = GENERATOR.permutation(NOISE.shape[0] * NOISE.shape[1])
    mixed = NOISE.reshape(-1, 3)[order].reshape(NOISE.shape)
    edited = OPERATIONS[name].run(NOISE, **how)
    again = OPERATIONS[name].run(mixed, **how)
    same = edited.shape == NOISE.shape and (
        edited.reshape(-1, 3)[order].reshape(NOISE.shape) == again
    )
    assert not np.all(same)


def test_exposure_works_on_light():
    # Half black, half white gives 128 stored and 188 in light; one stop less of white.
    assert colour.to_stored(np.array([0.5])).tolist() == [188]
    white = np.full((1, 1, 3), 255, dtype=np.uint8)
    assert colour.exposure(white, -1).tolist() == [[[188] * 3]]
    assert (colour.to_stored(colour.to_light(GREYS)) == GREYS).all()


def test_ends_of_the_range():
    assert (colour.brightness(NOISE, -100) == 0).all()
    assert (colour.contrast(NOISE, -100) == 128).all()
    assert (colour.saturation(NOISE, -100) == colour.grayscale(NOISE)).all()
    assert (colour.invert(colour.invert(NOISE)) == NOISE).all()
    warm = colour.temperature(GREYS, 100).astype(int)
    assert (warm[..., 0] >= warm[..., 2]).all() and warm[0, 100].tolist() == [
        130,
        100,
        70,
    ]
