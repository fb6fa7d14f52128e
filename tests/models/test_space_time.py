"""Clips as tokens. Authorities: inverses, loops over frames, shift invariance."""

import pytest
import torch
from support_models import EXACT, normal

from coursekit.models.attention import attention_weights
from coursekit.models.patches import patchify
from coursekit.models.rope import rotate
from coursekit.models.space_time import (
    GROUPS,
    causal_mask,
    clip_angles,
    group_angles,
    grouped,
    patchify_clip,
    ungrouped,
    unpatchify_clip,
)


def test_a_clip_is_its_frames_cut_one_after_the_other_and_comes_back():
    x = normal(2, 3, 5, 4, 6)
    tokens = patchify_clip(x, 2)
    assert tokens.shape == (2, 5 * 6, 12)
    each = torch.cat([patchify(x[:, :, i], 2) for i in range(5)], dim=1)
    assert torch.equal(tokens, each)
    assert torch.equal(unpatchify_clip(tokens, 2, 5, 4, 6), x)
    with pytest.raises(ValueError, match="do not tile"):
        patchify_clip(x, 4)


def test_only_distances_in_time_and_space_count():
    """Later by ten frames: every weight of every pair is the same (Su et al. 2021)."""
    q, k = normal(1, 2, 3 * 4, 20), normal(1, 2, 3 * 4, 20, seed=1)
    now, later = clip_angles(3, 2, 2, 20), clip_angles(3, 2, 2, 20, start=10)
    assert now.shape == (12, 10) and not torch.equal(now, later)
    first, second = (
        attention_weights(rotate(q, a.double()), rotate(k, a.double()))
        for a in (now, later)
    )
    torch.testing.assert_close(first, second, rtol=0, atol=1e-5)
    moved = attention_weights(rotate(q, now.double()), rotate(k, later.double()))
    assert (moved - first).abs().max() > 1e-3


def test_each_axis_turns_its_own_share():
    """A head of 40 gives 16 features to time, 12 each to rows and columns."""
    angles = clip_angles(2, 2, 2, 40).unflatten(0, (2, 2, 2))
    steps = {
        "time": angles[1, 0, 0] - angles[0, 0, 0],
        "row": angles[0, 1, 0] - angles[0, 0, 0],
        "column": angles[0, 0, 1] - angles[0, 0, 0],
    }
    shares = {"time": (0, 8), "row": (8, 14), "column": (14, 20)}
    for axis, (begin, end) in shares.items():
        turned = steps[axis] != 0
        assert turned[begin:end].all() and int(turned.sum()) == end - begin


@pytest.mark.parametrize("window", [0, 1, 2, 9])
def test_the_mask_says_what_a_loop_says(window):
    frames, tokens = 4, 3
    mask = causal_mask(frames, tokens, window)
    for i in range(frames * tokens):
        for j in range(frames * tokens):
            ago = i // tokens - j // tokens
            assert bool(mask[i, j]) == (0 <= ago < (window or frames)), (i, j)


@pytest.mark.parametrize("kind", GROUPS)
def test_groups_hold_what_they_say_and_come_back(kind):
    clips, frames, tokens = 2, 3, 4
    names = torch.arange(clips * frames * tokens).reshape(clips, frames, tokens)
    x = names.reshape(clips * frames, tokens, 1)
    wanted = {
        "space": names.flatten(0, 1),
        "time": names.transpose(1, 2).reshape(-1, frames),
        "full": names.flatten(1),
    }
    groups = grouped(x, frames, kind)
    assert torch.equal(groups[..., 0], wanted[kind])
    assert torch.equal(ungrouped(groups, frames, tokens, kind), x)
    angles = group_angles(clip_angles(frames, 2, 2, 12), tokens, kind)
    assert len(angles) == groups.shape[1]
    with pytest.raises(ValueError, match="kind='row'"):
        grouped(x, frames, "row")


def test_grouped_distances_are_those_of_the_whole():
    """The angles of a group differ within it as those of all tokens do."""
    angles = clip_angles(3, 2, 2, 12, start=5)
    of_frame = angles.unflatten(0, (3, 4))
    space, time = (group_angles(angles, 4, kind) for kind in ("space", "time"))
    for frame in of_frame:
        assert torch.allclose(
            space - space[0], frame - frame[0], **EXACT | {"atol": 1e-6}
        )
    for place in range(4):
        column = of_frame[:, place]
        assert torch.allclose(time - time[0], column - column[0], atol=1e-6)
