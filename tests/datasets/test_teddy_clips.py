"""Clips of the teddy world. Authority: the renderer of still pictures, equal bytes,
what is written down of each clip, and the readers of still pictures."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from support_teddy import assert_refused

from coursekit.datasets.teddy.clip_drawing import (
    SEEN,
    draw_clips,
    drawn_and_hidden,
    hidden_frames,
)
from coursekit.datasets.teddy.clip_props import SHIRT
from coursekit.datasets.teddy.clip_scene import (
    LANDS,
    MOTIONS,
    PERIOD,
    SHIRTS,
    Clip,
    stance,
    swing,
    walker_at,
)
from coursekit.datasets.teddy.clip_words import (
    CLIP_LENGTH,
    CLIP_WORDS,
    TOLD,
    clip_caption,
    clip_ids,
    clip_tokenizer,
    frame_words,
)
from coursekit.datasets.teddy.clips import clip_split, returning_clips, sample_clips
from coursekit.datasets.teddy.reader import attributes
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.scene import Bear, Scene
from coursekit.datasets.teddy.splits import HELD_OUT, SPLITS

BEAR = Bear("brown", "red", x=0.5, y=0.92, scale=0.68)
CLIP = Clip(Scene("park", (BEAR,)))


@pytest.mark.parametrize("size", [32, 64])
def test_a_bear_that_stands_is_the_still_picture(size):
    """Authority: `render`, whose bytes are pinned."""
    clips = [c for c in sample_clips(60, 1, walkers=0) if c.motion == "stand"]
    drawn = draw_clips(clips, 3, size)
    still = render([clip.scene for clip in clips], size)
    assert len(clips) > 5
    np.testing.assert_array_equal(drawn, np.repeat(still[:, None], 3, 1))


@pytest.mark.parametrize("pose", ["right-up", "left-up"])
def test_a_wave_passes_through_both_still_pictures(pose):
    bear = replace(BEAR, pose=pose)
    scene = Scene("beach", (bear,))
    frames = draw_clips([Clip(scene, "wave")], PERIOD + 1)[0]
    down = Scene("beach", (replace(bear, pose="both-down"),))
    still = render([down, scene, down])
    np.testing.assert_array_equal(frames[:: PERIOD // 2], still)
    assert all((frames[i] != still[:2]).any((1, 2, 3)).all() for i in (1, 2, 3))


def test_a_dancer_leans_as_far_as_a_still_one():
    """A quarter of a period in, the lean is 1, and the right arm is up."""
    frames = draw_clips([replace(CLIP, motion="dance")], PERIOD)[0]
    bear = replace(BEAR, action="dancing", pose="right-up")
    still = render([replace(CLIP.scene, bears=(bear,))])[0]
    np.testing.assert_array_equal(frames[PERIOD // 4], still)


def test_a_walk_goes_to_the_other_side_and_back():
    clip = replace(CLIP, motion="walk")
    x = stance(clip, 33).x
    np.testing.assert_allclose(x[[0, 8, 16, 24, 32]], [0.36, 0.5, 0.64, 0.5, 0.36])
    np.testing.assert_allclose(np.abs(np.diff(x)), 0.28 / 16)
    other = stance(replace(clip, heading=-1), 33).x
    np.testing.assert_allclose(other + x, 1.0)


def test_the_wave_is_smooth_and_has_period_one():
    at = np.linspace(-2, 2, 4001)
    wave = swing(at)
    np.testing.assert_allclose(swing(np.array([0, 0.25, 0.5, 0.75])), [0, 1, 0, -1])
    np.testing.assert_allclose(wave, swing(at + 3), atol=1e-12)
    # The slope of parabolas that meet has no jump: 8 at most, and it changes by 32 dx.
    assert np.abs(np.diff(wave, 2)).max() <= 32 * 1e-3**2 * 1.001
    assert np.abs(wave - np.sin(2 * np.pi * at)).max() < 0.06


def test_hidden_frames_are_those_that_no_shirt_changes():
    """Two clips that differ in the shirt are equal, byte for byte, where it is hidden;
    elsewhere they differ. One hundred clips, all fifteen pairs of shirts."""
    clips = sample_clips(85, 7, walkers=1.0) + sample_clips(15, 8, 17, 1.0, "test")
    drawn, hidden = {}, {}
    for shirt in SHIRTS:
        worn = [replace(clip, shirt=shirt) for clip in clips]
        drawn[shirt], hidden[shirt] = drawn_and_hidden(worn)
    nobody = draw_clips([replace(clip, shirt="none") for clip in clips])
    for one, two in combinations(SHIRTS, 2):
        same = (drawn[one] == drawn[two]).all((2, 3, 4))
        np.testing.assert_array_equal(same, hidden[one])
    np.testing.assert_array_equal(
        (drawn["red"] == nobody).all((2, 3, 4)), hidden["red"]
    )
    behind = np.array([np.abs(walker_at(c, 17) - stance(c, 17).x) < 0.1 for c in clips])
    assert (hidden["red"] & behind).any(1).all()  # each of them is hidden by the bear
    assert 0.1 < hidden["red"].mean() < 0.4


def test_two_shirts_differ_by_a_step_where_one_is_seen():
    """Closed form: SEEN of a pixel times their distance in the dimmest light."""
    for one, two in combinations(SHIRT.values(), 2):
        far = max(abs(a - b) for a, b in zip(one, two, strict=True))
        assert SEEN * far * 0.84 * 0.9 * 255 >= 1
    assert max(max(colour) for colour in SHIRT.values()) * 1.12 * 1.1 <= 1
    assert tuple(SHIRT) == SHIRTS


@pytest.mark.parametrize("size", [32, 64])
def test_who_returns_is_hidden_in_the_middle_and_seen_before_and_after(size):
    clips = returning_clips(60 if size == 32 else 20, 3)
    _, hidden = drawn_and_hidden(clips, 33, size)
    assert hidden[:, 8:19].all()
    assert not hidden[:, :5].any() and not hidden[:, 25:].any()
    # One stretch: he goes once and comes back once.
    assert (np.abs(np.diff(hidden.astype(int))).sum(1) == 2).all()
    before, after = (np.array([walker_at(c, 33)[i] for c in clips]) for i in (2, 30))
    assert ((before < 0.5) == (after < 0.5)).all()
    np.testing.assert_array_equal(hidden_frames(clips[5], 33, size), hidden[5])


def test_shirts_tell_nothing_of_the_rest():
    """Independent draws: each shirt one in six, whatever the direction and the fur."""
    clips = returning_clips(3000, 2)
    for given in (1, -1):
        some = Counter(c.shirt for c in clips if c.direction == given)
        assert all(abs(some[s] / some.total() - 1 / 6) < 0.05 for s in SHIRTS)
    assert {c.motion for c in clips} == {"stand", "wave"}


def test_clips_do_not_depend_on_the_others():
    clips = sample_clips(40, 4, tables=0.5)
    assert clips == sample_clips(90, 4, tables=0.5)[:40]
    together = draw_clips(clips)
    for i in (0, 3, 17, 39):
        np.testing.assert_array_equal(draw_clips([clips[i]])[0], together[i])
    np.testing.assert_array_equal(draw_clips(clips[:5], 6), together[:5, :6])
    assert draw_clips([]).shape == (0, 17, 32, 32, 3)


def test_splits_share_no_scene():
    found = {s: sample_clips(200, 5, split=s, tables=0.5) for s in SPLITS}
    found["train"] += returning_clips(100, 5)
    found["test"] += returning_clips(100, 5, "test")
    for split, clips in found.items():
        assert {clip_split(clip) for clip in clips} == {split}
    scenes = [{clip.scene for clip in clips} for clips in found.values()]
    assert not any(a & b for a, b in combinations(scenes, 2))
    pairs = {(b.fur, b.hat) for c in found["heldout"] for b in c.scene.bears}
    assert pairs == HELD_OUT


def test_shares_are_as_asked_for():
    clips = sample_clips(2000, 6, walkers=0.3, tables=0.5, agree=0.8)
    walkers = [c for c in clips if c.shirt != "none"]
    tables = [c for c in clips if c.table]
    assert abs(len(walkers) / 2000 - 0.3) < 0.04 and not any(c.table for c in walkers)
    assert abs(len(tables) / 2000 - 0.35) < 0.04
    assert abs(np.mean([c.book == c.dust for c in tables]) - 0.8) < 0.06
    assert abs(np.mean([c.book for c in tables]) - 0.5) < 0.07
    moving = Counter(c.motion for c in clips if not c.table)
    assert all(abs(moving[m] / moving.total() - 0.25) < 0.05 for m in MOTIONS)


@pytest.mark.parametrize(("agree", "share"), [(1.0, 1), (0.5, 0.5), (0.0, 0)])
def test_dust_goes_with_the_book_as_often_as_asked(agree, share):
    clips = sample_clips(400, 9, walkers=0, tables=1, agree=agree)
    for book in (True, False):
        dust = [c.dust == book for c in clips if c.book == book]
        assert abs(np.mean(dust) - share) < 0.12 and len(dust) > 150
    rest = [replace(c, dust=False) for c in clips]
    assert rest == [
        replace(c, dust=False)
        for c in sample_clips(400, 9, walkers=0, tables=1, agree=1.0)
    ]


def test_dust_rises_when_the_book_lies():
    bear = replace(BEAR, x=0.34, scale=0.56)
    plain = replace(CLIP, scene=Scene("park", (bear,)), table=True)
    booked, dusty = replace(plain, book=True), replace(plain, book=True, dust=True)
    table, book, dust = draw_clips([plain, booked, dusty]).astype(int)
    assert (table == table[0]).all()
    np.testing.assert_array_equal(book[: LANDS + 1], dust[: LANDS + 1])
    changed = (book != dust).any(-1)
    assert changed[LANDS + 1 : LANDS + 10].any((1, 2)).all()
    highest = [rows.any(1).argmax() for rows in changed[LANDS + 1 : LANDS + 9]]
    assert highest == sorted(highest, reverse=True) and highest[0] - highest[-1] >= 5
    assert (book[LANDS:] == book[LANDS]).all()  # it lies still
    moving = (book[:LANDS] != table[:LANDS]).any(-1)
    assert np.diff([rows.any(1).argmax() for rows in moving]).min() > 0


def test_frames_say_what_they_show(one_thread):
    """Authority: the reader of still pictures, which was not trained on clips."""
    clips = sample_clips(40, 21, split="test")
    frames = np.arange(len(clips)) % 17
    told = [frame_words(c, int(i)) for c, i in zip(clips, frames, strict=True)]
    seen = attributes(draw_clips(clips)[np.arange(len(clips)), frames])
    for name in ("place", "fur", "hat", "glasses"):
        assert np.mean(seen[name] == [words[name] for words in told]) >= 0.95
    pose = np.array([words["pose"] for words in told])
    sure = pose != "between"
    assert np.mean(seen["pose"][sure] == pose[sure]) > 0.8 and sure.sum() > 20
    _, hidden = drawn_and_hidden(clips)
    shown = [words["shirt"] != "none" for words in told]
    assert shown == (~hidden[np.arange(len(clips)), frames]).tolist()


def test_captions_tell_what_is_asked_for():
    clip = replace(CLIP, motion="dance", shirt="green")
    assert clip_caption(clip) == (
        "a brown teddy bear with a red hat dances in the park, "
        "then a person in a green shirt walks past"
    )
    assert clip_caption(clip, {"fur", "walker"}) == (
        "a brown teddy bear, then a person walks past"
    )
    assert clip_caption(clip, {"shirt"}) == "a teddy bear"
    assert clip_caption(clip, {"motion", "place"}) == "a teddy bear dances in the park"
    back = replace(clip, turns=True, motion="stand")
    told = set(TOLD) - {"shirt"}
    assert clip_caption(back, told).endswith(
        "then a person walks behind it and comes back"
    )
    booked = replace(CLIP, table=True, book=True, dust=True)
    assert clip_caption(booked, {"book", "dust"}) == (
        "a teddy bear, then a book is put on a table, then dust rises"
    )
    with pytest.raises(ValueError, match="weather"):
        clip_caption(CLIP, {"weather"})


def test_an_untold_word_changes_no_caption():
    """Captions of clips that differ in what is not told are the same."""
    told = set(TOLD) - {"shirt", "hat"}
    for clip in sample_clips(30, 2, walkers=1.0):
        bear = clip.scene.bears[0]
        hats = {
            clip_caption(
                replace(
                    clip,
                    shirt=shirt,
                    scene=replace(clip.scene, bears=(replace(bear, hat=hat),)),
                ),
                told,
            )
            for shirt, hat in zip(SHIRTS, ("none", "red", "blue") * 2, strict=True)
        }
        assert len(hats) == 1


def test_ids_have_a_fixed_vocabulary_and_length():
    """Every caption of many clips, and the longest there can be."""
    bear = replace(BEAR, glasses="round", hat="yellow")
    longest = Clip(Scene("city", (bear,)), shirt="purple", turns=True)
    clips = [*sample_clips(300, 1, tables=0.5), *returning_clips(50, 1), longest]
    captions = [clip_caption(clip) for clip in clips]
    ids = clip_ids(captions)
    assert ids.shape == (len(clips), CLIP_LENGTH) and ids.dtype == torch.int64
    assert clip_tokenizer().decode(ids) == captions
    assert len(clip_tokenizer()) == CLIP_WORDS == len(set(ids.flatten().tolist()))
    assert (ids[-1] != 0).all()  # no id to spare
    assert clip_ids([""]).tolist() == clip_tokenizer().null(1, CLIP_LENGTH).tolist()


def test_what_cannot_be_drawn_is_refused():
    wrong = {
        "motion": "fly",
        "shirt": "grey",
        "heading": 0,
        "speed": 0.0,
        "wait": -1,
        "book": True,
    }

    def change(name: str) -> None:
        replace(CLIP, **{name: wrong[name]})

    assert_refused(
        change,
        {
            "motion": "use one of",
            "shirt": "use none or",
            "heading": "1 or -1",
            "speed": "above 0",
            "wait": "not below",
            "book": "want a table",
        },
    )
    with pytest.raises(ValueError, match="no table"):
        replace(CLIP, shirt="red", table=True)
    with pytest.raises(ValueError, match="arm up"):
        replace(CLIP, motion="wave")
    with pytest.raises(ValueError, match="one bear"):
        Clip(Scene("park", (BEAR, BEAR)))
    with pytest.raises(ValueError, match="24 to 128"):
        draw_clips([CLIP], 17, 16)
    with pytest.raises(ValueError, match="split"):
        sample_clips(1, 0, split="all")
