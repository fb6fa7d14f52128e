"""Authorities: a flow in closed form, walked both ways; the shipped one, both keys."""

from dataclasses import replace

import pytest
import torch

from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.pipeline.tree_ring import TreeRing, tree_ring

PROMPTS = ["a brown bear is sitting in a room", "a blue bear is dancing on the beach"]


def of_a_normal_law(xt, t, _):
    """The velocity where x0 is normal with standard deviation 1/2.

    Its flow goes through xt = eps sqrt( (1 - t)^2 / 4 + t^2 ).
    """
    t = t[:, None, None, None]
    return xt * (t - (1 - t) / 4) / ((1 - t) ** 2 / 4 + t**2)


def test_the_walk_back_finds_where_the_flow_came_from(shelf):
    pipe = from_checkpoint("teddy-64-prompts", shelf)
    pipe = pipe.with_parts(model=of_a_normal_law)
    ring = replace(tree_ring(pipe, rings=3), steps=800)
    eps = ring.noise(0, 3)
    torch.testing.assert_close(ring.walked_back(eps / 2), eps, atol=0.02, rtol=0)
    assert (replace(ring, steps=2).walked_back(eps / 2) - eps).abs().max() > 0.1


def test_what_is_not_told_a_prompt_has_no_ring(shelf):
    ring = TreeRing(from_checkpoint("teddy-flow", shelf), torch.ones(1, 3), (0,))
    with pytest.raises(PipelineError, match="not told a prompt"):
        ring.scores(ring.pipe.draw(1))


def test_the_shipped_pipeline_knows_its_own_pictures_and_not_another_key():
    pipe = from_checkpoint("teddy-64-prompts").swap(guidance="none", steps=6)
    ring = tree_ring(pipe)
    own, others = ring.draw(PROMPTS, seed=1), pipe.draw(PROMPTS, seed=1)
    scores, unmarked = ring.scores(own), ring.scores(others)
    assert scores.min() > unmarked.max()
    other = replace(ring, values=-ring.values)
    assert scores.min() > other.scores(own).max()
    large = own.repeat(2, 1).repeat(2, 2)  # resized on the way in
    assert ring.scores(large).min() > unmarked.max()
