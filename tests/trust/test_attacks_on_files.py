"""Authority: the PNG standard (chunks and their checksums), and invariants of filters:
a flat picture stays flat, a mean stays a mean, sizes are exact."""

import io

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from coursekit.trust.attacks import ATTACKS, pixels_of, png_of
from coursekit.trust.png_chunks import walk

RNG = np.random.default_rng(5)
PICTURE = RNG.integers(0, 256, (64, 48, 3), dtype=np.uint8)


def told(pixels):
    text = PngImagePlugin.PngInfo()
    text.add_text("who", "a model")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def text_of(content):
    with Image.open(io.BytesIO(content)) as picture:
        return picture.info.get("who")


def test_none_is_nothing_and_png_keeps_pixels():
    content = png_of(PICTURE)
    assert ATTACKS["none"](content) == content
    assert np.array_equal(pixels_of(content), PICTURE)


@pytest.mark.parametrize("first", [0, 254, 255])
def test_one_pixel_changes_one_value_by_one_and_keeps_the_rest(first):
    picture = PICTURE.copy()
    picture[0, 0, 0] = first
    content = ATTACKS["one pixel"](told(picture))
    off = pixels_of(content).astype(int) - picture
    assert np.abs(off).sum() == abs(off[0, 0, 0]) == 1
    assert text_of(content) == "a model"
    assert [c.name for c in walk(content)] == [c.name for c in walk(told(picture))]


def test_one_pixel_keeps_pixels_of_a_file_with_many_chunks():
    large = RNG.integers(0, 256, (400, 400, 3), dtype=np.uint8)
    content = told(large)
    assert content.count(b"IDAT") > 1
    off = pixels_of(ATTACKS["one pixel"](content)).astype(int) - large
    assert np.abs(off).sum() == 1


def test_one_pixel_wants_a_png():
    with pytest.raises(ValueError, match="begin as a PNG"):
        ATTACKS["one pixel"](ATTACKS["JPEG"](png_of(PICTURE)))


def test_all_others_lose_what_is_not_pixels():
    for name, attack in ATTACKS.items():
        kept = text_of(attack(told(PICTURE))) == "a model"
        assert kept == (name in ("none", "one pixel")), name


def test_sizes():
    sizes = {name: pixels_of(a(png_of(PICTURE))).shape for name, a in ATTACKS.items()}
    changed = {"screenshot": (96, 72, 3), "resize": (48, 36, 3), "crop": (48, 36, 3)}
    assert sizes == {name: (64, 48, 3) for name in ATTACKS} | changed


def test_a_resaved_picture_is_the_same_and_a_crop_is_its_middle():
    content = png_of(PICTURE)
    assert np.array_equal(pixels_of(ATTACKS["re-save"](content)), PICTURE)
    assert np.array_equal(pixels_of(ATTACKS["crop"](content)), PICTURE[8:56, 6:42])


@pytest.mark.parametrize("name", ATTACKS)
def test_a_flat_picture_stays_flat(name):
    flat = np.full((32, 32, 3), 77, np.uint8)
    seen = pixels_of(ATTACKS[name](png_of(flat))).astype(int)
    assert np.abs(seen - 77).max() <= 1  # no desktop, no border


def test_a_resize_averages_and_a_blur_has_its_width():
    board = np.indices((12, 12)).sum(0) % 2 * np.uint8(255)
    board = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    small = pixels_of(ATTACKS["resize"](png_of(board)))
    assert small.max() < 235 and small.min() > 20  # sampling would leave 0 and 255
    edge = np.zeros((32, 32, 3), np.uint8)
    edge[:, 16:] = 255
    soft = pixels_of(ATTACKS["blur"](png_of(edge)))[16, :, 0] / 255
    slope = np.diff(soft)
    middle = (np.arange(31) * slope).sum() / slope.sum()
    spread = ((np.arange(31) - middle) ** 2 * slope).sum() / slope.sum()
    assert spread**0.5 == pytest.approx(1, abs=0.15)
