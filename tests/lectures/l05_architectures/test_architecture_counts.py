"""Figure 05.G. Authority: the formulas of the cost, and what a ratio must be like."""

import pytest
import torch

from coursekit.lectures.l05_architectures.experiments.counts import measure, steps
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.unet import count_parameters


def test_weights_are_those_of_real_blocks():
    found = measure(quick=True)
    double, single = DoubleBlock(128, 4), SingleBlock(128, 4)
    assert found["double_parameters"] == count_parameters(double)
    assert found["single_parameters"] == count_parameters(single)
    assert 0.4 < found["parameters_ratio"] < 0.42
    assert 0.99 < found["flops_ratio"] < 1
    assert found["time_ratio"] > 0


def test_four_times_the_tokens_for_half_the_patch():
    found = measure(quick=True)
    assert found["tokens"] == [256, 1024, 4096, 16384]
    shares = found["attention_share"]
    assert shares == sorted(shares) and 0.05 < shares[0] < shares[-1] < 1
    # attention passes half of the FLOPs at T = 6 D tokens (question 05.19)
    for tokens, share in zip(found["tokens"], shares, strict=True):
        assert (share > 0.5) == (tokens > 6 * found["width"])
        assert share == pytest.approx(tokens / (tokens + 6 * 384), rel=1e-2)


def test_both_kinds_see_the_same_tokens():
    state = torch.random.get_rng_state()
    runs = steps(batch=1, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    for run in runs.values():
        run()
