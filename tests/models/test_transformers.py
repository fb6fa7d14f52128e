"""DiT and MM-DiT as wholes.

Authority: what only the head can learn, symmetry under permutations, sums by hand. What
every network owes: test_every_network.py. Peers: test_parity_diffusers_models.py.
"""

from dataclasses import replace

import torch
from support_models import IDS, SHAPE, TEXT, T, X, awake, gap, normal, taught

from coursekit.models.dit import POSITIONS, DiT, DiTConfig, in_context
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.patches import patchify, unpatchify
from coursekit.models.positions import grid_positions, sincos_2d


def test_what_can_learn_at_once():
    """Only the last layer has a gradient in the first step: it is all that counts."""
    model = DiT(DiTConfig(**SHAPE, depth=2, text=TEXT))
    (model(X, T, IDS) - X).square().mean().backward()
    assert taught(model) == {"head.linear.weight", "head.linear.bias"}


@torch.no_grad()
def test_a_dit_without_positions_does_not_know_where_patches_are():
    def shuffled(x):
        order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
        return unpatchify(patchify(x, 2)[:, order], 2, 8, 8)

    for kind in POSITIONS:
        model = awake(DiT(DiTConfig(**SHAPE, depth=2, positions=kind)), 0.2)
        moved = gap(model(shuffled(X), T), shuffled(model(X, T)))
        assert moved < 2e-5 if kind == "none" else moved > 1e-3, kind


@torch.no_grad()
def test_sines_are_added_to_the_patches_of_an_mmdit_and_to_nothing_else():
    """Authority: the same weights with the sum made by hand, at two sizes."""
    config = MMDiTConfig(TEXT, channels=3, double=1, single=1, sines=True, **SHAPE)
    model, plain = awake(MMDiT(config), 0.2), MMDiT(replace(config, sines=False)).eval()
    plain.load_state_dict(model.state_dict())  # sines are no weights
    for side in (8, 12):
        grid = sincos_2d(grid_positions(side // 2, side // 2), 16).float()
        x = normal(3, 3, side, side, seed=side).float()
        without = plain(x, T, IDS)
        handle = plain.embed.register_forward_hook(lambda *a, grid=grid: a[-1] + grid)
        assert torch.equal(model(x, T, IDS), plain(x, T, IDS))
        handle.remove()
        assert gap(model(x, T, IDS), without) > 1e-2


def test_in_context_puts_the_condition_in_front_where_nothing_turns():
    x, vector, angles = normal(2, 4, 6), normal(2, 6), normal(4, 1)
    for words in (None, normal(2, 3, 6)):
        front = [vector[:, None]] if words is None else [vector[:, None], words]
        sequence, turned, before = in_context(x, angles, vector, words)
        assert torch.equal(sequence, torch.cat([*front, x], dim=1))
        assert before == sequence.shape[1] - 4
        assert not turned[:before].any() and torch.equal(turned[before:], angles)
        assert in_context(x, None, vector, words)[1] is None
