"""Authorities: `write_blocks`, whose tokens it must write, the network itself, whose
logits it must say, and p in float64."""

import pytest
import torch

from coursekit.evaluation.swift_unmasking import Reader, doubts, write_swiftly
from coursekit.evaluation.token_sampling import write_blocks
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.theory.unmasking import ByConfidence, Threshold


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    found = TokenTransformer(TokenConfig(9, 20, width=32, depth=2, heads=2)).eval()
    with torch.no_grad():  # so that rows differ and some tokens are sure
        for weight in found.parameters():
            weight.mul_(4)
        found.token.weight.mul_(6)
        found.place.weight.mul_(10)
    return found


@pytest.fixture
def prompt():
    return torch.randint(0, 9, (6, 4), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [1, 4, 5, 16])
@pytest.mark.parametrize("end", [None, 3])
@pytest.mark.parametrize("sure", [0.5, 0.9, 2.0])
def test_the_tokens_of_the_usual_way(model, prompt, size, end, sure):
    usual = write_blocks(model, prompt, 16, size, Threshold(sure), 0.0, end=end)
    swift = write_swiftly(model, prompt, 16, size, sure, end=end)
    assert torch.equal(usual.ids, swift.ids)
    assert usual.by_block == swift.by_block
    if end is None:
        assert len(usual.ids.unique(dim=0)) == 6 and len(usual.ids.unique()) > 3
        assert sure > 1 or size == 1 or usual.passes < 16


@pytest.mark.parametrize("least", [2, 4])
def test_equal_counts_a_pass(model, prompt, least):
    rule = ByConfidence(8 // least)
    usual = write_blocks(model, prompt, 16, 8, rule, 0.0)
    swift = write_swiftly(model, prompt, 16, 8, 2.0, least)
    assert torch.equal(usual.ids, swift.ids)
    assert usual.passes == swift.passes == 16 // least


def test_equal_draws(model, prompt):
    """Where no row ends, the random numbers are the same, too."""
    dice = [torch.Generator().manual_seed(5) for _ in range(2)]
    usual = write_blocks(model, prompt, 16, 8, Threshold(0.9), 0.7, dice[0])
    swift = write_swiftly(model, prompt, 16, 8, 0.9, 1, 0.7, dice[1])
    assert torch.equal(usual.ids, swift.ids)


def test_rows_that_end_leave(model, prompt, monkeypatch):
    """Some rows end in the first block: they are read no more."""
    free = write_swiftly(model, prompt, 16, 4, 2.0).ids
    found = {e: (free[:, :4] == e).any(1) for e in range(9)}
    end, ended = next((e, a) for e, a in found.items() if 0 < a.sum() < len(prompt))
    seen, read = [], Reader.read

    def counted(self, ids, *rest):
        seen.append(len(ids))
        return read(self, ids, *rest)

    monkeypatch.setattr(Reader, "read", counted)
    write_swiftly(model, prompt, 16, 4, 2.0, end=end)
    assert seen[0] == len(prompt) and seen[4] == int((~ended).sum())


def test_the_logits_of_the_network(model, prompt):
    reader, cache = Reader(model, 6), model.new_cache(6)
    everywhere = torch.ones_like(prompt, dtype=torch.bool)
    with torch.inference_mode():
        for ids in (prompt, prompt.flip(1)):
            told = model(ids, cache=cache)
            assert torch.allclose(reader.read(ids, 4, everywhere).view_as(told), told)
    assert reader.length == cache.length == 8


def test_doubt_orders_what_float32_cannot():
    """(1 - p) / p, also where p rounds to 1."""
    logits = torch.tensor([[20.0, 0.0, 1.0], [25.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    drawn = torch.tensor([0, 0, 2])
    p = logits.double().softmax(-1).gather(1, drawn[:, None])[:, 0]
    assert doubts(logits, drawn).double() == pytest.approx((1 - p) / p, rel=1e-5)
    assert logits[:2].softmax(-1)[:, 0].unique().numel() == 1  # why it is there


def test_what_it_refuses(model, prompt):
    with pytest.raises(ValueError, match="use 1 or more"):
        write_swiftly(model, prompt, 8, 0)
    turning = TokenTransformer(TokenConfig(9, 20, 32, 2, 2, rotary=True))
    with pytest.raises(ValueError, match="learnt places"):
        write_swiftly(turning, prompt, 8, 4)
