"""UiT: one stream of words, time and patches.

Authority: the formula of attention with a loop over who may look, perturbations, and
the velocity that leads to grey. What every network owes: test_every_network.py.
"""

from dataclasses import replace

import pytest
import torch
from support_models import EXACT, IDS, SHAPE, T, X, awake, gap, normal, taught

from coursekit.models.attention import merge_heads
from coursekit.models.layers import zero_init
from coursekit.models.patches import BottleneckEmbedding, PatchEmbedding, patchify
from coursekit.models.positions import joint_positions
from coursekit.models.rope import axial_angles, rotate
from coursekit.models.uit import StreamBlock, UiT, UiTConfig, stream_mask
from coursekit.theory.clean_prediction import clamped_velocity, clamped_velocity_loss

CONFIG = UiTConfig(11, 5, **SHAPE, depth=2, bottleneck=6)
WORDS = 5  # tokens of a prompt


@pytest.fixture
def network():
    return awake(UiT(CONFIG))


def tokens(network, *inputs):
    """All tokens after the last block, words first."""
    found = []
    handle = network.blocks[-1].register_forward_hook(lambda *a: found.append(a[-1]))
    network(*inputs)
    handle.remove()
    return found[0]


def test_the_mask_says_who_looks_at_whom():
    mask = stream_mask(3, 2)
    for i in range(5):
        for j in range(5):
            assert mask[i, j] == (j <= i if i < 3 else True)


@torch.no_grad()
def test_a_block_is_attention_over_those_in_sight_one_token_at_a_time():
    torch.manual_seed(0)
    block = awake(StreamBlock(16, 2, 4.0)).double()
    x, mask = normal(3, 7, 16), stream_mask(4, 3)
    angles = axial_angles(joint_positions(5, 1, 2), (4, 4))
    q, k, v = block.project(block.norm1(x))
    q, k = rotate(q, angles), rotate(k, angles)
    heard = torch.zeros_like(v)
    for i in range(7):
        seen = [j for j in range(7) if mask[i, j]]
        weights = (q[:, :, i : i + 1] @ k[:, :, seen].mT / 8**0.5).softmax(-1)
        heard[:, :, i] = (weights @ v[:, :, seen])[:, :, 0]
    wanted = x + block.out(merge_heads(heard))
    wanted = wanted + block.mlp(block.norm2(wanted))
    torch.testing.assert_close(block(x, mask, angles), wanted, **EXACT)


@torch.no_grad()
def test_words_depend_on_earlier_words_and_on_nothing_else(network):
    before = tokens(network, X, T, IDS)
    assert torch.equal(tokens(network, X + 1, T / 2, IDS)[:, :WORDS], before[:, :WORDS])
    for place in range(WORDS):
        ids = IDS.clone()
        ids[:, place] = 10
        moved = (tokens(network, X, T, ids) - before).abs().amax(dim=2)
        assert not moved[:, :place].any()
        assert (moved[:, place:] > 1e-4).all(), "all later words, the time, the patches"


@torch.no_grad()
def test_time_and_patches_see_every_patch_and_the_time(network):
    before = tokens(network, X, T, IDS)
    later = tokens(network, X, T + 0.05, IDS) - before
    assert (later[:, WORDS:].abs().amax(dim=2) > 1e-4).all()
    for corner in ((0, 0), (7, 7)):
        x = X.clone()
        x[:, :, *corner] += 3
        moved = (tokens(network, x, T, IDS) - before).abs().amax(dim=2)
        assert (moved[:, WORDS:] > 1e-5).all()


def test_at_first_it_guesses_grey():
    torch.manual_seed(0)
    t = torch.tensor([0.0, 0.02, 0.9])
    velocity = UiT(CONFIG)(X, t, IDS)
    grey = clamped_velocity(X, torch.zeros_like(X), t)
    assert torch.equal(velocity, grey) and not UiT(CONFIG).said(X, t, IDS).any()
    model = UiT(CONFIG)
    clamped_velocity_loss(model, X, t, normal(*X.shape).float(), IDS).mean().backward()
    assert taught(model) == {"head.weight", "head.bias"}


@torch.no_grad()
def test_both_predictions_are_one_network_read_in_two_ways(network):
    plain = UiT(replace(CONFIG, predicts="velocity")).eval()
    plain.load_state_dict(network.state_dict())
    said = network.said(X, T, IDS)
    assert torch.equal(plain(X, T, IDS), said)
    assert torch.equal(network(X, T, IDS), clamped_velocity(X, said, T))


@pytest.mark.parametrize("predicts", ["x0", "velocity"])
@pytest.mark.parametrize("time", [0.0, 1.0])
def test_gradients_are_finite_at_both_ends(predicts, time):
    model = awake(UiT(replace(CONFIG, predicts=predicts)))
    t, eps = torch.full((3,), time), normal(*X.shape, seed=4).float()
    clamped_velocity_loss(model, X, t, eps, IDS).mean().backward()
    assert taught(model) == {name for name, _ in model.named_parameters()}


@torch.no_grad()
def test_other_sizes_and_shorter_prompts_go_through(network):
    wide = normal(3, 3, 12, 6).float()
    assert network(wide, T, IDS).shape == wide.shape
    assert network(X, T, IDS[:, :3]).shape == X.shape
    assert gap(network(X, T, IDS[:, :3]), network(X, T, IDS)) > 1e-4


@torch.no_grad()
def test_a_bottleneck_is_one_linear_map_of_low_rank():
    torch.manual_seed(0)
    narrow = BottleneckEmbedding(3, 4, 5, 16)
    plain = zero_init(PatchEmbedding(3, 4, 16))
    plain.project.weight += narrow.wide.weight @ narrow.narrow.weight
    plain.project.bias += narrow.wide.bias
    torch.testing.assert_close(narrow(X), plain(X))
    assert int(torch.linalg.matrix_rank(plain.project.weight)) == 5
    assert patchify(X, 4).shape[-1] == 48
