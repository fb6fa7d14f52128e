"""DiT and MM-DiT as wholes.

Authority: they begin at 0 (adaLN-Zero and the head), symmetry under permutations, and
every parameter learns. Peers: test_parity_diffusers_models.py.
"""

from dataclasses import replace

import pytest
import torch
from torch import nn

from coursekit.models.conditioning import Conditioner
from coursekit.models.dit import POSITIONS, TOLD, DiT, DiTConfig, in_context
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.patches import patchify, unpatchify
from coursekit.models.positions import grid_positions, sincos_2d
from coursekit.models.text_encoder import TextConfig, TextEncoder

TEXT = TextConfig(vocabulary=11, length=5, width=16, depth=1, heads=2)
SHAPE = {"size": 8, "patch": 2, "width": 16, "heads": 2}
IDS = torch.tensor([[1, 5, 6, 2, 0], [1, 7, 2, 0, 0], [1, 9, 9, 9, 2]])
MODELS = {
    "adaln": lambda: DiT(DiTConfig(**SHAPE, depth=2, text=TEXT)),
    "rope": lambda: DiT(DiTConfig(**SHAPE, depth=2, text=TEXT, positions="rope")),
    "cross": lambda: DiT(DiTConfig(**SHAPE, depth=2, text=TEXT, told="cross")),
    "context": lambda: DiT(DiTConfig(**SHAPE, depth=2, text=TEXT, told="context")),
    "double": lambda: MMDiT(MMDiTConfig(TEXT, channels=3, double=2, **SHAPE)),
    "hybrid": lambda: MMDiT(MMDiTConfig(TEXT, channels=3, double=1, single=2, **SHAPE)),
    "sines": lambda: MMDiT(
        MMDiTConfig(TEXT, channels=3, double=1, single=1, sines=True, **SHAPE)
    ),
    "single": lambda: MMDiT(MMDiTConfig(TEXT, channels=3, double=0, single=2, **SHAPE)),
}


def pictures(seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(3, 3, 8, 8, generator=generator)
    return x, torch.rand(3, generator=generator)


def fresh(name):
    torch.manual_seed(0)
    return MODELS[name]()


def awake(name):
    model = fresh(name)
    for p in model.parameters():
        nn.init.normal_(p, std=0.2)
    return model.eval()


@pytest.mark.parametrize("name", MODELS)
def test_a_new_network_says_zero_and_its_blocks_do_nothing(name):
    model, (x, t) = fresh(name), pictures()
    said = []
    blocks = [m for m in model.modules() if type(m).__name__.endswith("Block")]

    def watch(_, inputs, output):
        pairs = zip(inputs, output, strict=False) if isinstance(output, tuple) else (
            (inputs[0], output),
        )  # fmt: skip
        said.extend(float((a - b).detach().abs().max()) for a, b in pairs)

    for block in blocks:
        if type(block).__name__ not in ("Block", "ContextBlock"):
            block.register_forward_hook(watch)
    assert not model(x, t, IDS).detach().any()
    assert all(gap <= 1e-6 for gap in said)
    assert bool(said) == (name != "context")


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_learns(name):
    """Within a few steps each of them has had a gradient; none is left behind.

    But one: the last words ask, and nobody reads what they hear (as in SD3's code).
    """
    model, (x, t) = fresh(name), pictures()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.3)
    learnt = {"two_streams.1.text.project.norm_q.weight"} if name == "double" else set()
    for _ in range(8):
        optimiser.zero_grad()
        (model(x, t, IDS) - x).square().mean().backward()
        learnt |= {
            n
            for n, p in model.named_parameters()
            if p.grad is not None and p.grad.any()
        }
        optimiser.step()
    assert {n for n, _ in model.named_parameters()} - learnt == set()


def test_what_can_learn_at_once():
    """Only the last layer has a gradient in the first step: it is all that counts."""
    model, (x, t) = fresh("adaln"), pictures()
    (model(x, t, IDS) - x).square().mean().backward()
    moved = {
        n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()
    }
    assert moved == {"head.linear.weight", "head.linear.bias"}


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_time_condition_and_every_patch_reach_the_output(name):
    model, (x, t) = awake(name), pictures()
    y = model(x, t, IDS)
    assert y.shape == x.shape
    assert float((model(x, t / 2, IDS) - y).abs().amax((1, 2, 3)).min()) > 1e-4
    other = IDS.clone()
    other[:, 1] = 3
    assert float((model(x, t, other) - y).abs().amax((1, 2, 3)).min()) > 1e-4
    moved = x.clone()
    moved[:, :, 0, 0] += 5  # the first patch speaks to the last
    assert float((model(moved, t, IDS) - y)[:, :, -2:, -2:].abs().max()) > 1e-5
    alone = torch.cat([model(x[i : i + 1], t[i], IDS[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(alone, y, rtol=0, atol=2e-5)


@torch.no_grad()
def test_a_dit_without_positions_does_not_know_where_patches_are():
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))

    def shuffled(x):
        return unpatchify(patchify(x, 2)[:, order], 2, 8, 8)

    for kind in POSITIONS:
        torch.manual_seed(0)
        model = DiT(DiTConfig(**SHAPE, depth=2, positions=kind))
        for p in model.parameters():
            nn.init.normal_(p, std=0.2)
        x, t = pictures()
        gap = float((model(shuffled(x), t) - shuffled(model(x, t))).abs().max())
        assert gap < 2e-5 if kind == "none" else gap > 1e-3


@torch.no_grad()
def test_sines_are_added_to_the_patches_of_an_mmdit_and_to_nothing_else():
    """Authority: the same weights with the sum made by hand, at two sizes."""
    model = awake("sines")
    plain = MMDiT(replace(model.config, sines=False)).eval()
    plain.load_state_dict(model.state_dict())  # sines are no weights
    for side in (8, 12):
        grid = sincos_2d(grid_positions(side // 2, side // 2), 16).float()
        generator = torch.Generator().manual_seed(side)
        x, t = torch.randn(3, 3, side, side, generator=generator), torch.rand(3)
        without = plain(x, t, IDS)
        handle = plain.embed.register_forward_hook(lambda *a, grid=grid: a[-1] + grid)
        torch.testing.assert_close(model(x, t, IDS), plain(x, t, IDS), rtol=0, atol=0)
        handle.remove()
        assert float((model(x, t, IDS) - without).abs().max()) > 1e-2


@torch.no_grad()
def test_the_null_prompt_is_the_empty_one():
    for name in ("adaln", "double"):
        model, (x, t) = awake(name), pictures()
        empty = torch.tensor([[1, 2, 0, 0, 0]]).expand(3, 5)
        torch.testing.assert_close(model(x, t), model(x, t, empty), rtol=0, atol=0)
    classes = Conditioner(16, num_classes=10)
    labels = torch.full((3,), 10)
    a, b = classes(t, None, x), classes(t, labels, x)
    assert torch.equal(a.vector, b.vector) and a.tokens is None


@torch.no_grad()
def test_padding_is_not_heard_in_the_pooled_vector():
    encoder = TextEncoder(TEXT)
    other = IDS.clone()
    other[0, 4] = 7  # behind the end token
    a, b = encoder(IDS), encoder(other)
    torch.testing.assert_close(a.pooled, b.pooled, rtol=0, atol=1e-6)
    torch.testing.assert_close(a.tokens[:, :4], b.tokens[:, :4], rtol=0, atol=1e-6)


def test_in_context_puts_the_condition_in_front_where_nothing_turns():
    x, vector, tokens = torch.randn(2, 4, 6), torch.randn(2, 6), torch.randn(2, 3, 6)
    angles = torch.randn(4, 1)
    for words in (None, tokens):
        front = vector[:, None] if words is None else torch.cat(
            [vector[:, None], words], dim=1
        )  # fmt: skip
        sequence, turned, before = in_context(x, angles, vector, words)
        assert before == front.shape[1]
        assert torch.equal(sequence[:, :before], front)
        assert torch.equal(sequence[:, before:], x)
        assert not turned[:before].any() and torch.equal(turned[before:], angles)
        assert in_context(x, None, vector, words)[1] is None


def test_configurations_that_cannot_be():
    with pytest.raises(ValueError, match="told='film'"):
        DiT(DiTConfig(told="film"))
    with pytest.raises(ValueError, match="give the config a text"):
        DiT(DiTConfig(told="cross"))
    with pytest.raises(ValueError, match="positions='grid'"):
        DiT(DiTConfig(positions="grid"))
    with pytest.raises(ValueError, match="not both"):
        Conditioner(8, num_classes=2, text=TEXT)
    with pytest.raises(ValueError, match="no condition"):
        DiT(DiTConfig(**SHAPE, depth=1))(*pictures(), IDS)
    assert set(TOLD) == {"adaln", "cross", "context"}
