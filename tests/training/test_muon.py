"""Muon beside AdamW. Authorities: torch's own optimisers, orthogonality."""

from dataclasses import replace

import torch
from tiny_kinds import LANGUAGE
from tiny_train import TINY

from coursekit.models.token_transformer import TokenTransformer
from coursekit.training.muon import MuonAndAdamW, optimiser_of, split_parameters

PROFILE = replace(TINY.quick, lr=1e-3)


def network() -> TokenTransformer:
    torch.manual_seed(0)
    return TokenTransformer(LANGUAGE)


def test_matrices_of_the_blocks_and_nothing_else_go_to_muon():
    net = network()
    inner, outer = split_parameters(net.named_parameters())
    assert {tuple(p.shape) for p in inner} == {(48, 16), (16, 16), (64, 16), (16, 64)}
    assert len(inner) + len(outer) == len(list(net.parameters()))
    assert any(p is net.token.weight for p in outer)
    frozen = dict(net.blocks[0].named_parameters())["mlp.wide.weight"]
    frozen.requires_grad_(False)
    assert len(split_parameters(net.named_parameters())[0]) == len(inner) - 1


def test_a_profile_without_a_rate_for_muon_has_adamw_alone():
    found = optimiser_of(network(), PROFILE)
    assert isinstance(found, torch.optim.AdamW)
    assert isinstance(
        optimiser_of(network(), replace(PROFILE, muon=0.02)), MuonAndAdamW
    )


def test_a_step_turns_a_matrix_by_a_rotation_and_the_rest_as_adamw_does():
    """A random gradient: a step's singular values are alike; AdamW's is torch's."""
    one, two = network(), network()
    both = MuonAndAdamW(one, lr=1e-3, muon=0.02)
    alone = torch.optim.AdamW(
        [two.token.weight], lr=1e-3, betas=(0.9, 0.99), fused=True
    )
    before = {name: p.detach().clone() for name, p in one.named_parameters()}
    generator = torch.Generator().manual_seed(1)
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        p.grad = torch.randn(p.shape, generator=generator)
        q.grad = p.grad.clone()
    both.step()
    alone.step()
    moved = {name: p.detach() - before[name] for name, p in one.named_parameters()}
    for name, step in moved.items():
        if step.ndim == 2 and name.startswith("blocks."):
            turned = torch.linalg.svdvals(step)
            assert turned.max() / turned.min() < 2.5  # five rounds of Newton-Schulz
    torch.testing.assert_close(one.token.weight, two.token.weight)


def test_the_loop_sets_one_rate_and_muon_keeps_its_share():
    both = MuonAndAdamW(network(), lr=1e-3, muon=0.02)
    factors = [group.get("factor", 1.0) for group in both.param_groups]
    assert factors == [20.0, 1.0]
