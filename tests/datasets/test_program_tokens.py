"""Programs as tokens: written and read back, with exactly known information."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    layout,
    program_bits,
    program_rows,
    program_tokens,
)
from coursekit.datasets.teddy.programs import program
from coursekit.datasets.teddy.scene import lowest_feet

TOKENS = program_tokens()


def test_every_program_reads_back() -> None:
    """Invariant: ids to text is the inverse of text to ids, over 2,000 scenes."""
    rows, scenes = program_rows(2000, seed=3)
    assert rows.shape == (2000, PROMPT + CANVAS)
    for text, scene in zip(TOKENS.read(rows[:, PROMPT:]), scenes, strict=True):
        assert text == program(scene)
        assert is_right(text, scene)


def test_the_information_of_a_program_is_that_of_its_free_numbers() -> None:
    """Closed form: 29^3 * 201 * 100 numbers, and those of y for each of 29 sizes."""
    scene = program_rows(1, seed=3)[1][0]
    sizes = [s / 100 for s in range(46, 75)]
    bits = []
    for size in sizes:
        bear = replace(scene.bears[0], scale=size)
        bits.append(program_bits(replace(scene, bears=(bear,))))
    feet = [98 - lowest_feet(size) for size in sizes]
    fixed = math.log2(29**3 * 201 * 100)
    expected = fixed + sum(math.log2(n) for n in feet) / 29
    assert sum(bits) / 29 == pytest.approx(expected, abs=1e-12)
    assert expected == pytest.approx(32.4, abs=0.1)


def test_free_numbers_are_uniform() -> None:
    """Chi-square (29 values, 20,000 scenes): what `program_bits` takes for granted."""
    _, scenes = program_rows(20_000, seed=4)
    seen = Counter(scene.brightness for scene in scenes)
    expected = 20_000 / 29
    chi = sum((n - expected) ** 2 / expected for n in seen.values())
    assert len(seen) == 29
    assert chi < 60  # 28 degrees of freedom: above it with chance 4e-4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("drift(", "drift(drift("),
        ("place(", "place(nowhere"),
        (") drift", "); drift"),  # runs, and is not how `program` writes it
    ],
)
def test_what_is_not_right(old: str, new: str) -> None:
    """Text that does not run, or is written otherwise."""
    scene = program_rows(1, seed=5)[1][0]
    assert not is_right(program(scene).replace(old, new, 1), scene)


def test_an_impossible_number_or_another_bear_is_not_right() -> None:
    """A bear outside the column of `random_scene`, and a bear with another fur."""
    scene = program_rows(1, seed=5)[1][0]
    bear = scene.bears[0]
    other = "green" if bear.fur != "green" else "pink"
    for changed in (replace(bear, x=0.1), replace(bear, fur=other)):
        assert not is_right(program(replace(scene, bears=(changed,))), scene)
    wide = replace(scene, bears=(replace(bear, x=0.4, y=0.97),))
    assert is_right(program(wide), scene)


def test_layout_names_what_is_left_out() -> None:
    """Defaults are not written: rare layouts can be counted."""
    scene = program_rows(1, seed=5)[1][0]
    bear = replace(scene.bears[0], x=0.5, y=0.92, scale=0.6)
    assert layout(replace(scene, bears=(bear,))) == "x y"
    light = replace(scene, bears=(replace(bear, x=0.4, y=0.97),), brightness=1.0)
    assert layout(replace(light, warmth=0.0)) == "light"


def test_a_mask_shows_as_one() -> None:
    """An id beyond the words is no word of a user's: it cannot be typed."""
    ids = TOKENS.write(["place(park)"], 6)
    ids[0, 1] = len(TOKENS)
    assert TOKENS.read(ids) == ["place(<?>)"]
    with pytest.raises(ValueError, match="not the text"):
        TOKENS.write(["place(<?>)"])


def test_held_out_programs_are_not_among_the_trained() -> None:
    """No leakage: a program is of one split."""
    train = {program(s) for s in program_rows(3000, seed=0)[1]}
    test = {program(s) for s in program_rows(500, seed=0, split="test")[1]}
    assert not train & test


def test_rows_are_fixed_by_their_seed() -> None:
    """The same call, the same rows."""
    assert torch.equal(program_rows(20, 1)[0], program_rows(20, 1)[0])
    assert not torch.equal(program_rows(20, 1)[0], program_rows(20, 2)[0])
