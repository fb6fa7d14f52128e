"""Authority: Pillow's own turns, the values a file was made of, refusals by name."""

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from coursekit.editing import open_picture as module
from coursekit.editing.open_picture import PictureError, eight_bits, open_picture
from coursekit.editing.upright import upright

GENERATOR = np.random.default_rng(4)
SIZES = [(1, 1), (1, 7), (5, 3), (16, 16)]  # width, height
PROFILE = b"\0" * 16 + b"RGB " + b"\0" * 108


def noise(size: tuple[int, int], bands: int = 3) -> np.ndarray:
    return GENERATOR.integers(0, 256, (size[1], size[0], bands), dtype=np.uint8)


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("size", SIZES)
def test_turned_as_pillow_turns(orientation, size):
    pixels = noise(size)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=turned(orientation))
    with Image.open(buffer) as stored:
        theirs = np.asarray(ImageOps.exif_transpose(stored))
    ours = upright(pixels, orientation)
    assert (ours == theirs).all() and not np.shares_memory(ours, pixels)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_file_is_turned_once(tmp_path, kind, orientation):
    """Some formats are turned when they are read, others are not."""
    corner = np.zeros((24, 40, 3), dtype=np.uint8)
    corner[:8, :16] = 255  # smooth blocks: JPEG keeps them
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / "lying"
    Image.fromarray(corner).save(path, kind, exif=turned(orientation), **options)
    found = open_picture(path)
    assert abs(found.pixels.astype(int) - upright(corner, orientation)).max() <= 8
    assert ("turned upright" in found.said) == (orientation > 1 and kind != "TIFF")


def indexed(size: tuple[int, int], clear: bool) -> tuple[Image.Image, np.ndarray]:
    """A picture with a palette, and its colours."""
    palette = GENERATOR.integers(0, 256, (16, 3), dtype=np.uint8)
    index = GENERATOR.integers(0, 16, (size[1], size[0]), dtype=np.uint8)
    index.flat[0] = 3
    image = Image.fromarray(index).copy()
    image.putpalette(palette.tobytes())
    if clear:
        image.info["transparency"] = 3
    return image, np.dstack([palette[index], np.where(index == 3, 0, 255)])


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("size", SIZES)
def test_every_mode_of_pixels_is_right(tmp_path, size, orientation):
    path = tmp_path / "x.png"
    grey, alpha, colour = noise(size, 1)[..., 0], noise(size, 1)[..., 0], noise(size)
    grey3 = np.repeat(grey[..., None], 3, -1)
    plain, see_through = indexed(size, False), indexed(size, True)
    deep = grey.astype(np.uint16) * 257
    black = np.where(grey > 127, 255, 0).astype(np.uint8)
    table = {
        "1": (Image.fromarray(black).convert("1"), np.repeat(black[..., None], 3, -1)),
        "L": (Image.fromarray(grey), grey3),
        "LA": (Image.fromarray(np.dstack([grey, alpha])), np.dstack([grey3, alpha])),
        "P": (plain[0], plain[1][..., :3]),
        "P, transparent": see_through,
        "RGB": (Image.fromarray(colour), colour),
        "RGBA": (
            Image.fromarray(np.dstack([colour, alpha])),
            np.dstack([colour, alpha]),
        ),
        "I;16": (Image.fromarray(deep), grey3),
    }
    for name, (image, want) in table.items():
        image.save(path, exif=turned(orientation))
        found = open_picture(path)
        assert (found.pixels == upright(want[..., :3], orientation)).all(), name
        assert (found.alpha is None) == (want.shape[-1] == 3), name
        if found.alpha is not None:
            assert (found.alpha == upright(want[..., 3], orientation)).all(), name


def test_a_grey_or_a_colour_that_a_png_calls_transparent(tmp_path):
    for value, mode in ((7, "L"), ((1, 2, 3), "RGB")):
        image = Image.new(mode, (4, 3), 9 if mode == "L" else (9, 9, 9))
        image.putpixel((1, 2), value)
        image.save(tmp_path / "x.png", transparency=value)
        alpha = open_picture(tmp_path / "x.png").alpha
        assert alpha is not None and alpha[2, 1] == 0 and (alpha == 0).sum() == 1


def test_sixteen_bits_keep_256_levels(tmp_path):
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    for name in ("x.png", "x.tif"):
        Image.fromarray(ramp).save(tmp_path / name)
        found = open_picture(tmp_path / name)
        assert len(np.unique(found.pixels)) == 256
        assert (found.pixels[..., 0] == np.round(ramp / 257)).all()
        assert found.said == ("16 bits become 8",)
    assert eight_bits(np.array([0, 4660, 65535], np.uint16)).tolist() == [0, 18, 255]


def tiff(photometric: int, bits: int) -> bytes:
    """Two grey pixels by hand, in Intel's order: no other writer makes these."""
    data = struct.pack("<HH", 0, 4095) if bits == 16 else b"\0\0\xff\0"
    entries = [
        (256, 3, 2), (257, 3, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric),
        (273, 4, 8), (277, 3, 1), (278, 3, 1), (279, 4, len(data)),
    ]  # fmt: skip
    fields = b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    head = struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data
    return head + struct.pack("<H", len(entries)) + fields + bytes(4)


REFUSED = {
    "CMYK": lambda: saved(Image.new("CMYK", (3, 2)), "TIFF"),
    "mode I:": lambda: saved(Image.new("I", (3, 2), 70000), "TIFF"),
    "mode F": lambda: saved(Image.new("F", (3, 2), 0.5), "TIFF"),
    "LAB": lambda: saved(Image.new("LAB", (3, 2)), "TIFF"),
    "CMYK:": lambda: saved(Image.new("CMYK", (3, 2)), "JPEG"),
    "has 2 pictures": lambda: frames("GIF"),
    "2 pictures": lambda: frames("PNG"),
    "2 pictures:": lambda: frames("TIFF"),
    "2 pictures: save": lambda: frames("WEBP"),
    "2 pictures: save the": lambda: frames("MPO"),
    "another way": lambda: tiff(0, 16),
    "in another way": lambda: tiff(1, 12),
    "is empty": lambda: b"",
    "is no picture": lambda: b"[Desktop Entry]\n" * 9,
    "no picture of PNG": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "is damaged": lambda: saved(Image.fromarray(noise((90, 90))), "PNG")[:4000],
    "damaged": lambda: saved(Image.fromarray(noise((90, 90))), "JPEG")[:2000],
    "too many pixels": lambda: giant(60_000, 60_000),
    "has too many": lambda: giant(10_000, 10_000),
}


def saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def frames(kind: str) -> bytes:
    """Two pictures in one file: an animation, or pages."""
    first, second = (Image.new("RGB", (4, 4), c) for c in ("red", "blue"))
    buffer = io.BytesIO()
    first.save(buffer, kind, save_all=True, append_images=[second], duration=90)
    return buffer.getvalue()


def test_sixteen_bits_of_a_colour(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(giant(1, 1, 16, struct.pack(">BHHH", 0, 4660, 65535, 0)))
    found = open_picture(path)
    assert found.pixels.tolist() == [[[18, 255, 0]]]
    assert found.said == ("16 bits become 8",)


def giant(width: int, height: int, bits: int = 8, rows: bytes = bytes(1000)) -> bytes:
    """A PNG by hand: a few bytes that say they are enormous, or a deep one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    size = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + data + chunk(b"IEND", b"")


@pytest.mark.parametrize("part", list(REFUSED))
def test_what_would_come_out_wrong_is_refused_by_name(tmp_path, part):
    path = tmp_path / "picture"
    path.write_bytes(REFUSED[part]())
    with pytest.raises(PictureError, match=part) as caught:
        open_picture(path)
    said = str(caught.value)
    assert said.startswith(str(path)) and "\n" not in said
    assert len(said) < len(str(path)) + 130


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, part in (("pipe", "no ordinary file"), ("nothing", "is not there")):
        with pytest.raises(PictureError, match=part):
            open_picture(tmp_path / name)
    with pytest.raises(PictureError, match="is a folder"):
        open_picture(tmp_path)


def test_canary_the_words_of_the_refusals_name_all_modes():
    assert set(module.WHY_NOT).isdisjoint(module.PLAIN)
    known = {*module.WHY_NOT, *module.PLAIN}
    assert {"1", "L", "LA", "P", "PA", "CMYK", "I", "F", "LAB", "HSV"} <= known


def test_profiles_stay_with_colours_and_nowhere_else(tmp_path):
    path = tmp_path / "x.png"
    Image.fromarray(noise((4, 3))).save(path, icc_profile=PROFILE)
    assert open_picture(path).profile == PROFILE
    grey = PROFILE.replace(b"RGB ", b"GRAY")
    Image.fromarray(noise((4, 3), 1)[..., 0]).save(path, icc_profile=grey)
    found = open_picture(path)
    assert found.profile == b"" and "profile is left out" in found.said[0]


def test_text_in_a_file_goes_nowhere(tmp_path):
    order, path = "delete everything", tmp_path / "x.png"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", order)
    text.add_itxt("prompt", order)
    exif = turned(1)
    exif[270], exif[37510] = order, order
    Image.fromarray(noise((4, 3))).save(path, pnginfo=text, exif=exif)
    assert order.encode() in path.read_bytes()
    assert order not in repr(open_picture(path))


def test_the_limit_is_one_of_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_PIXELS", 12)
    path: Path = tmp_path / "x.png"
    Image.new("RGB", (4, 3)).save(path)
    assert open_picture(path).pixels.shape == (3, 4, 3)
    Image.new("RGB", (13, 1)).save(path)
    with pytest.raises(PictureError, match="12 at most"):
        open_picture(path)
