"""Scenes, splits, programs and samplers. Authority: invariants (round trips, disjoint
splits, exact repeatability) and uniform frequencies within five standard errors."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from itertools import islice

import numpy as np
import pytest
from support_teddy import assert_refused, some

from coursekit.datasets.teddy.programs import execute, program
from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import (
    contact_sheet,
    scenes,
    special_teddies,
    specialise,
    teddies,
)
from coursekit.datasets.teddy.scene import FURS, HATS, KINDS, VOCABULARY, Bear, Scene
from coursekit.datasets.teddy.splits import HELD_OUT, SPLITS, split_of


def test_first_scene_is_pinned():
    # PCG64 and arithmetic on hundredths only: the same on every machine.
    assert program(some(1, seed=5)[0]) == (
        "place(forest) light(brightness=1.07, warmth=0.03) drift(0.28) "
        "bear(fur=pink, hat=red, action=dancing, x=0.54, y=0.87, scale=0.47)"
    )


def test_words_are_equally_likely():
    chosen = some(6000)
    for name, words in VOCABULARY.items():
        holders = chosen if name == "place" else [scene.bears[0] for scene in chosen]
        counts = Counter(getattr(holder, name) for holder in holders)
        expected = 6000 / len(words)
        assert set(counts) == set(words), name
        assert all(abs(counts[w] - expected) < 5 * expected**0.5 for w in words), name


def test_kinds_hold_what_they_say():
    assert {len(s.bears) for s in some(200, "solo")} == {1}
    assert {len(s.bears) for s in some(200, "group")} == {1, 2, 3}
    assert all(s.mirror for s in some(200, "mirror"))
    with pytest.raises(ValueError, match="kind='crowd'"):
        some(1, "crowd")


def test_programs_execute_to_the_same_scene():
    for kind in KINDS:
        for scene in some(500, kind) + [specialise(s) for s in some(20, kind)]:
            assert execute(program(scene)) == scene
    scene = execute("bear(hat=red);\n place( beach ) ; mirror() ")  # loose text
    assert scene == Scene("beach", (Bear(hat="red"),), mirror=True)


def test_wrong_programs_name_the_mistake():
    complaints = {
        "place(moon)": "place='moon'",
        "bear(fur=red)": "fur='red'",
        "bear(tail=long)": "no 'tail'",
        "bear(x=left)": "not a number",
        "bear(hat=red, hat=blue)": "once for each key",
        "place(park) place(snow)": "twice",
        "bear(hat=red": "not a call",
        "dance(now)": "no call 'dance'",
        "light(colour=1)": "light has no 'colour'",
        "place(park, snow)": "once for each key",
        "bear() bear() bear() bear()": "4 bears",
        "bear() bear() mirror()": "exactly one bear",
        "bear(scale=0)": "scale=0",
    }
    assert_refused(execute, complaints)


def test_splits_are_disjoint_and_held_out_pairs_never_train():
    found: dict[str, set[Scene]] = {}
    for split in SPLITS:
        chosen = list(islice(scenes(0, split, "group"), 600))
        assert all(split_of(s) == split for s in chosen)
        pairs = [{(b.fur, b.hat) for b in s.bears} for s in chosen]
        assert all(bool(p & HELD_OUT) == (split == "heldout") for p in pairs)
        found[split] = set(chosen)
    assert not found["train"] & found["test"] and not found["test"] & found["heldout"]


def test_train_still_sees_every_fur_and_every_hat():
    pairs = {(s.bears[0].fur, s.bears[0].hat) for s in islice(scenes(0), 4000)}
    every = {(f, h) for f in FURS for h in HATS}
    assert pairs == every - HELD_OUT
    furs, hats = map(set, zip(*HELD_OUT, strict=True))
    assert furs < set(FURS) and hats == set(HATS[1:])


def test_one_scene_in_ten_is_for_testing():
    splits = Counter(split_of(s) for s in some(6000))
    share = splits["test"] / (splits["test"] + splits["train"])
    assert abs(share - 0.1) < 5 * (0.09 / 4875) ** 0.5


def test_special_bear_stays_out_of_samplers_and_splits():
    for kind in KINDS:
        for split in SPLITS:
            chosen = islice(scenes(1, split, kind), 200)
            assert not any(b.special for s in chosen for b in s.bears)
    _, own = special_teddies(20, seed=1)
    assert all(b.special for s in own for b in s.bears)
    with pytest.raises(ValueError, match="never trained on"):
        split_of(own[0])


def test_special_bear_looks_different_from_every_fur():
    images, own = special_teddies(8, 64, seed=2)
    for fur in FURS:
        others = [replace(s.bears[0], fur=fur, special=False) for s in own]
        plain = [replace(s, bears=(b,)) for s, b in zip(own, others, strict=True)]
        assert np.abs(render(plain, 64).astype(int) - images).mean((1, 2, 3)).min() > 3


def test_sampling_is_repeatable_and_a_prefix():
    images, chosen = teddies(50, 32, seed=9)
    again, same = teddies(20, 32, seed=9)
    assert same == chosen[:20]
    np.testing.assert_array_equal(again, images[:20])
    assert teddies(20, 16, seed=9)[1] == same
    assert teddies(20, 16, seed=10)[1] != same
    with pytest.raises(ValueError, match="split='dev'"):
        teddies(1, split="dev")


def test_contact_sheet_keeps_the_pictures():
    images, _ = teddies(5, 16)
    sheet = contact_sheet(images, 3)
    assert sheet.shape == (32, 48, 3)
    np.testing.assert_array_equal(sheet[16:, 16:32], images[4])
    assert (sheet[16:, 32:] == 255).all()


def test_older_kinds_are_what_they_were():
    # A checkpoint's training data must not move when kinds are added.
    texts = {kind: "\n".join(map(program, some(300, kind, seed=8))) for kind in KINDS}
    digests = {kind: sha256(text.encode()).hexdigest() for kind, text in texts.items()}
    assert digests["solo"].startswith("6e2e731392c2ed6d")
    assert digests["group"].startswith("afa00b390ec4c96f")
    assert digests["mirror"].startswith("92076ab667d0e5b4")


def test_halls_run_from_near_to_far_and_hold_bear_and_reflection():
    chosen = some(3000, "hall")
    assert {s.distance for s in chosen} == {d / 100 for d in range(28, 63)}
    sides = Counter(s.bears[0].x < 0.5 for s in chosen)
    assert abs(sides[True] - 1500) < 5 * (3000 / 4) ** 0.5
    for scene in chosen:
        (bear,) = scene.bears
        other = bear.x + (1 if bear.x < 0.5 else -1) * scene.distance
        half = 0.395 * bear.scale  # the brim of a sun hat, the widest of a plain bear
        assert min(bear.x, other) - half > 0 and max(bear.x, other) + half < 1
        # Bear and reflection (0.9 of its size) stand apart.
        assert scene.distance > 0.36 * bear.scale * 1.9


def test_pairs_differ_in_fur_and_hat_and_in_nothing_else_to_tell():
    chosen = some(6000, "pair")
    couples: Counter[tuple[str, ...]] = Counter()
    for scene in chosen:
        left, right = scene.bears
        assert left.x < 0.5 < right.x and not scene.mirror
        assert left.fur != right.fur and left.hat != right.hat
        assert "none" not in (left.hat, right.hat)
        couples[left.fur, left.hat, right.fur, right.hat] += 1
    plain = {(b.glasses, b.pose, b.action) for s in chosen for b in s.bears}
    assert plain == {("none", "both-down", "none")}
    # 8 x 7 couples of furs times 3 x 2 of hats, all equally likely.
    expected = 6000 / 336
    chi = sum((n - expected) ** 2 / expected for n in couples.values())
    assert len(couples) == 336 and abs(chi - 335) < 5 * (2 * 335) ** 0.5
