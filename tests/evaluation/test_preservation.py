"""What changed unasked.

Authorities: exact answers and copies (nothing can change), answers that are wrong in a
known word, closed forms of PSNR, Wilson's interval.
"""

from itertools import islice

import numpy as np
import pytest

from coursekit.datasets.teddy.edit_pairs import (
    colour_wishes,
    edit_pairs,
    edit_pictures,
)
from coursekit.datasets.teddy.sample import scenes
from coursekit.evaluation.preservation import (
    change_rate,
    judged,
    masked_psnr,
    moved_arms,
    nearest_answer,
    outside,
    unasked,
    understood,
    wishes_met,
)

PAIRS = edit_pairs(24, 11, "test")
BEFORE, EXACT = edit_pictures(PAIRS)


def test_an_exact_answer_meets_all_wishes_and_changes_nothing():
    found = judged(PAIRS, BEFORE, EXACT, EXACT)
    assert found["colour"] == found["content"] == 1
    assert found["ssim"] == pytest.approx(1)
    assert found["outside"] is None and set(found["unasked"].values()) == {0.0}


def test_a_copy_meets_no_wish_and_changes_nothing():
    found = judged(PAIRS, BEFORE, EXACT, BEFORE)
    assert found["colour"] == found["content"] == 0
    assert found["outside"] is None and set(found["unasked"].values()) == {0.0}
    assert found["ssim"] < 1


@pytest.mark.parametrize("wish", colour_wishes(), ids=lambda wish: wish.text)
def test_every_moved_arm_is_found_in_every_colour(wish):
    some = list(islice(scenes(12, "test"), 12))
    pairs, drawn = moved_arms(some, wish)
    done = understood(pairs, drawn)
    assert wishes_met(pairs, done).all()
    rates = unasked(done, drawn)
    assert rates["pose"].share == rates["any"].share == 1
    down = [s.bears[0].pose in ("both-down", "left-up") for s in some]
    assert rates["raised"].share == np.mean(down)
    assert rates["hat"].share == rates["fur"].share == rates["place"].share == 0


def test_the_mask_keeps_away_from_what_changed():
    before = np.zeros((1, 6, 6, 3), np.uint8)
    after = before.copy()
    after[0, 2, 3, 1] = 1  # one channel is enough
    for margin, count in ((0, 1), (1, 9), (2, 25)):
        mask = outside(before, after, margin)
        assert mask.dtype == bool and int((~mask).sum()) == count
    after[0, 0, 0] = 255  # in a corner
    assert int((~outside(before, after, 1)).sum()) == 9 + 4


def test_masked_psnr_is_that_of_the_masked_pixels():
    images, others = (
        np.zeros((2, 4, 4, 3), np.uint8),
        np.full((2, 4, 4, 3), 16, np.uint8),
    )
    mask = np.zeros((2, 4, 4), bool)
    mask[1, 2] = True
    assert masked_psnr(images, others, mask) == pytest.approx(24.0484, abs=1e-3)
    assert masked_psnr(others, images, mask) == masked_psnr(images, others, mask)
    others[1, 2] = 0
    assert masked_psnr(images, others, mask) == float("inf")
    with pytest.raises(ValueError, match="no pixel"):
        masked_psnr(images, others, mask & False)


def test_bytes_do_not_wrap_around():
    drawn = np.full((1, 2, 2, 3), 10, np.uint8)
    answers = np.stack([np.full_like(drawn, v) for v in (250, 40, 40)])
    assert nearest_answer(drawn, answers).tolist() == [1]  # and the first of equals


def test_rates_count_what_was_not_asked():
    changed = np.array([True, True, False, False, True])
    asked = np.array([True, False, False, False, False])
    rate = change_rate(changed, asked)
    assert (rate.share, rate.cases) == (0.5, 4)
    assert rate.low == pytest.approx(0.150, abs=1e-3)  # Wilson, 2 of 4
    none = change_rate(np.zeros(200, bool), np.zeros(200, bool))
    assert none.share == 0 and 0.018 < none.high < 0.019
    with pytest.raises(ValueError, match="all were asked"):
        change_rate(changed, np.ones(5, bool))
