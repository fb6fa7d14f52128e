"""The average of the weights. Authority: its closed form, a weighted sum."""

import copy

import pytest
import torch

from coursekit.training.ema import Ema


def test_the_average_is_the_weighted_sum_of_all_weights():
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1, bias=False).double()
    ema, seen = Ema(model, decay=0.6), [model.weight.detach().clone()]
    for _ in range(30):
        with torch.no_grad():
            model.weight.normal_()
        seen.append(model.weight.detach().clone())
        ema.update_parameters(model)
    decays = [min(0.6, n / (n + 10)) for n in range(1, 31)]
    shares = [1.0]
    for d in decays:
        shares = [share * d for share in shares] + [1 - d]
    assert sum(shares) == pytest.approx(1)
    expected = sum(s * w for s, w in zip(shares, seen, strict=True))
    torch.testing.assert_close(ema.average["weight"], expected)


def test_a_copy_carries_the_average_and_shares_nothing():
    model = torch.nn.Linear(2, 1)
    ema = Ema(model, 0.9)
    other = ema.copy_of()
    with torch.no_grad():
        other.weight += 1
    assert not other.training
    assert torch.equal(ema.average["weight"], model.weight)


def test_all_tensors_at_once_gives_the_bits_of_one_after_the_other():
    """And what is no weight is copied."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5))
    ema, kept = Ema(model, 0.9), copy.deepcopy(model.state_dict())
    for n in range(1, 6):
        with torch.no_grad():
            for value in model.parameters():
                value.normal_()
        model(torch.randn(4, 3))
        ema.update_parameters(model)
        for name, value in model.state_dict().items():
            if name in dict(model.named_parameters()):
                kept[name].lerp_(value, 1 - min(0.9, n / (n + 10)))
            else:
                kept[name].copy_(value)
    assert kept["1.num_batches_tracked"] == 5
    assert all(torch.equal(kept[name], ema.average[name]) for name in kept)
