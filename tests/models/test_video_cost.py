"""Costs of clips. Authorities: torch's FlopCounterMode, what autograd keeps, growth."""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.models import video_transformer
from coursekit.models.attention import attention
from coursekit.models.video_cost import video_pass
from coursekit.models.video_transformer import ATTENTIONS, VideoDiT, VideoDiTConfig

KINDS = {name: {"attention": name} for name in ATTENTIONS}
KINDS["frames and time"] = {"attention": "frames", "times": 1}
every = pytest.mark.parametrize("kind", KINDS)


def small(kind, **change):
    return VideoDiTConfig(4, 2, 32, 2, 2, **KINDS[kind], **change)


@every
def test_flops_are_those_that_torch_counts(kind):
    config = small(kind, ratio=2.5)
    net = VideoDiT(config)
    for frames in (1, 5):
        x, t = torch.randn(1, 4, frames, 4, 8), torch.rand(1, frames)
        plain = sdpa_kernel(SDPBackend.MATH)
        with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
            net(x, t)
        with FlopCounterMode(display=False) as timing, torch.no_grad():
            net.time(t.flatten())
        cost = video_pass(config, frames, 4, 8)
        assert cost.tokens == frames * 8
        assert cost.flops == counter.get_total_flops() - timing.get_total_flops()


def kept_numbers(net, x, t):
    """All that autograd keeps, each storage once, without the weights."""
    own = {p.untyped_storage().data_ptr() for p in net.parameters()}
    kept = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = (storage.nbytes() // 4, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(x, t)
    return sum(size for size, _ in kept.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "causal"])
@pytest.mark.parametrize("table", [False, True])
def test_activations_are_those_that_autograd_keeps(kind, table, monkeypatch):
    if table:
        monkeypatch.setattr(video_transformer, "fast_attention", attention)
    config = small(kind)
    net = VideoDiT(config)
    torch.nn.init.normal_(net.head.linear.weight)
    x, t = torch.randn(1, 4, 9, 8, 8), torch.rand(1, 9)
    kept = video_pass(config, 9, 8, 8, table).kept
    assert kept == pytest.approx(kept_numbers(net, x, t), rel=0.15)


def test_what_grows_with_the_length_of_a_clip_and_how():
    """Twice the frames: twice the maps; the table of full attention is four times as
    large, that of frames twice."""
    for name, times in (("full", 4), ("frames", 2)):
        costs = [
            [video_pass(VideoDiTConfig(attention=name), n, 8, 8, t) for t in (0, 1)]
            for n in (5, 10)
        ]
        tables = [with_table.kept - without.kept for without, with_table in costs]
        assert tables[1] == times * tables[0] > 0
        assert costs[1][0].kept == 2 * costs[0][0].kept
    full, frames = (
        video_pass(VideoDiTConfig(attention=a), 5, 8, 8) for a in ("full", "frames")
    )
    assert full.tokens == frames.tokens == 80
    # 2 products of 80 x (80 - 16) pairs and 160 features, six blocks
    assert full.flops - frames.flops == 6 * 2 * 2 * 80 * 64 * 160
