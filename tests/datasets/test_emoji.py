"""Emoji. Authorities: the rules of the splits, checked against the pairs themselves;
captions parse back; what a missing or broken file gives; brute force for copies."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image
from support_teddy import assert_refused, luck

from coursekit.datasets import emoji, emoji_splits
from coursekit.datasets.emoji import STYLES, caption, load, parse_caption
from coursekit.datasets.emoji_copies import nearest
from coursekit.datasets.fashion import DataError


def pairs(split: str) -> set[tuple[str, str]]:
    found = load(split)
    return set(zip(found.names, found.styles, strict=True))


def test_every_pair_is_one_picture_and_in_one_split():
    every = load("all")
    assert len(every) == len(every.images) == len(set(every.captions)) == 3740
    assert len({picture.tobytes() for picture in every.images}) == 3740
    parts = [pairs(split) for split in emoji_splits.SPLITS]
    assert sum(map(len, parts)) == 3740 and set.union(*parts) == pairs("all")
    assert len(set(every.names)) == 997
    assert not any(name.endswith(("oclock", "thirty")) for name in every.names)


def test_held_out_pairs_keep_their_name_in_two_other_styles():
    train, held = pairs("train"), pairs("pairs")
    for name, style in held:
        others = [s for s in STYLES if s != style and (name, s) in train]
        assert len(others) >= 2, name
    all_there, lost = Counter(s for _, s in train | held), Counter(s for _, s in held)
    for style in STYLES:
        assert 0.08 < lost[style] / all_there[style] < 0.12


def test_held_out_names_are_absent_but_each_of_their_words_is_taught():
    held = {name for name, _ in pairs("names")}
    assert 0.04 < len(held) / 997 < 0.06
    assert not held & {name for name, _ in pairs("train") | pairs("pairs")}
    names = {name for name, _ in pairs("train")}
    taught = Counter(word for name in names for word in set(name.split()))
    assert all(taught[word] >= 2 for name in held for word in name.split())


def test_splits_follow_from_the_text():
    # SHA-256 of the name: the same on every machine.
    assert emoji_splits.luck("tomato") == pytest.approx(0.37047056923107746)
    first = sorted(emoji_splits.held_out_names())[:3]
    assert first == ["airplane", "baby bottle", "balloon"]


def test_one_style_is_that_part_of_all_styles():
    every, one = load("train"), load("train", "noto-v1")
    mine = [style == "noto-v1" for style in every.styles]
    np.testing.assert_array_equal(one.images, every.images[mine])
    assert set(one.styles) == {"noto-v1"}
    assert len(one) == sum(mine)


def test_pictures_lie_on_white_and_show_what_they_say():
    every = load("all")
    corner = every.images[:, 0, 0].astype(int)
    assert (corner > 250).all(1).mean() > 0.9
    colour = dict(zip(every.captions, every.images.mean((1, 2)), strict=True))
    for style in STYLES:
        red, _, blue = colour[caption("tomato", style)]
        assert red > blue + 40
        red, _, blue = colour[caption("droplet", style)]
        assert blue > red + 40


def test_captions_parse_back():
    assert caption("tomato", "noto-v1") == "tomato in noto v1 style"
    found = load("all")
    told = [parse_caption(text) for text in found.captions]
    assert told == list(zip(found.names, found.styles, strict=True))
    assert parse_caption("A  tomato in Noto style") == ("tomato", "noto")


def test_other_texts_are_refused():
    complaints = {
        "tomato": "no style in 'tomato'",
        "tomato in crayon style": "no style",
        "unobtainium in noto style": "no emoji is called 'unobtainium'",
        "": "no style",
    }
    assert_refused(parse_caption, complaints)
    assert_refused(load, {"test": "split='test'"})
    assert_refused(lambda style: load("train", style), {"apple": "style='apple'"})
    assert_refused(lambda style: caption("tomato", style), {"apple": "style='apple'"})


def test_broken_files_say_how_to_restore_them(tmp_path, monkeypatch):
    monkeypatch.setattr(emoji, "FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"missing.*git checkout"):
        emoji.sheet("noto")
    for content in (b"", b"abc", (emoji_splits.FOLDER / "noto.webp").read_bytes()[:9]):
        (tmp_path / "noto.webp").write_bytes(content)
        with pytest.raises(DataError, match=r"damaged.*git checkout"):
            emoji.sheet("noto")
    Image.new("RGB", (1280, 832)).save(tmp_path / "noto.webp", lossless=True)
    with pytest.raises(DataError, match="damaged"):
        emoji.sheet("noto")
    monkeypatch.setattr(emoji_splits, "FOLDER", tmp_path)  # the list of names
    with pytest.raises(DataError, match="git checkout"):
        emoji_splits.tiles.__wrapped__()
    (tmp_path / "names.json").write_text("[{")
    with pytest.raises(DataError, match="git checkout"):
        emoji_splits.tiles.__wrapped__()


def test_nearest_is_brute_force():
    both = luck(0).integers(0, 256, (340, 6, 5, 3), dtype=np.uint8)
    images, bank = both[:300], both[300:]
    index, distance = nearest(images, bank)
    gaps = images[:, None].astype(float) - bank[None]
    every = np.sqrt((gaps**2).mean((2, 3, 4))) / 255
    np.testing.assert_array_equal(index, every.argmin(1))
    np.testing.assert_allclose(distance, every.min(1), rtol=1e-12)


def test_a_copy_has_distance_zero_and_the_opposite_one():
    bank = load("train", "noto").images[:50]
    index, distance = nearest(bank[::-1], bank)
    assert index.tolist() == list(range(49, -1, -1)) and not distance.any()
    black = np.zeros((1, 4, 4, 3), np.uint8)
    assert nearest(black, black + 255)[1].tolist() == [1.0]
    assert nearest(black[:0], black)[0].shape == (0,)


def test_unseen_pictures_are_as_far_from_training_as_the_module_says():
    _, distance = nearest(load("pairs").images, load("train").images)
    low, twentieth, half = np.quantile(distance, [0, 0.05, 0.5])
    assert 0.04 < low < 0.05 and 0.08 < twentieth < 0.09 and 0.18 < half < 0.20


def test_pictures_that_cannot_be_compared_are_refused():
    image = np.zeros((1, 4, 4, 3), np.uint8)
    for images, bank, complaint in (
        (image, np.zeros((1, 5, 4, 3), np.uint8), "one size"),
        (image.astype(np.float32), image, "uint8"),
        (image, image[:0], "empty"),
    ):
        with pytest.raises(ValueError, match=complaint):
            nearest(images, bank)
