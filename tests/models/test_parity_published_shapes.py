"""Shapes of published models against diffusers' and transformers' networks.

Authority: peer library, at full size, without memory (torch's meta device).
"""

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from coursekit.models.flops import Cost, linear
from coursekit.models.published_shapes import SHAPES, shape_pass
from coursekit.models.unet import count_parameters

pytestmark = pytest.mark.parity
EXTRA = "pip install -e '.[parity]' -c constraints.txt"
diffusers = pytest.importorskip("diffusers", reason=f"needs diffusers: {EXTRA}")
transformers = pytest.importorskip("transformers", reason=f"needs both: {EXTRA}")
WORDS, TOKENS = 512, 4096


def counted(net, **inputs):
    plain = sdpa_kernel(SDPBackend.MATH)
    with plain, FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(**inputs)
    return Cost(count_parameters(net), counter.get_total_flops())


def agree(found, want):
    """Time's embedding is left out: up to 80 million of 32 billion weights."""
    assert found.flops == pytest.approx(want.flops, rel=1e-4)
    assert found.parameters == pytest.approx(want.parameters, rel=3e-3)


def test_flux_2():
    with torch.device("meta"):
        found = counted(
            diffusers.Flux2Transformer2DModel(),
            hidden_states=torch.empty(1, TOKENS, 128),
            encoder_hidden_states=torch.empty(1, WORDS, 15360),
            timestep=torch.empty(1),
            guidance=torch.empty(1),
            img_ids=torch.empty(1, TOKENS, 4),
            txt_ids=torch.empty(1, WORDS, 4),
        )
    agree(found, shape_pass(SHAPES["FLUX.2 [dev]"], WORDS, TOKENS))


def test_qwen_image():
    with torch.device("meta"):
        found = counted(
            diffusers.QwenImageTransformer2DModel(),
            hidden_states=torch.empty(1, TOKENS, 64),
            encoder_hidden_states=torch.empty(1, WORDS, 3584),
            encoder_hidden_states_mask=torch.empty(1, WORDS, dtype=torch.bool),
            timestep=torch.empty(1),
            img_shapes=[[(1, 64, 64)]],
        )
    agree(found, shape_pass(SHAPES["Qwen-Image"], WORDS, TOKENS))


def test_the_blocks_of_hidream_o1():
    """Those of Qwen3 8B: the ends are its own."""
    config = transformers.Qwen3Config(
        vocab_size=1,
        hidden_size=4096,
        intermediate_size=12288,
        num_hidden_layers=36,
        num_attention_heads=32,
        num_key_value_heads=8,
        head_dim=128,
        attn_implementation="sdpa",
    )
    with torch.device("meta"):
        net = transformers.Qwen3Model(config)
        found = counted(net, inputs_embeds=torch.empty(1, WORDS + TOKENS, 4096))
    ends = linear(TOKENS, 3072, 1024) + linear(TOKENS, 1024, 4096)
    ends += linear(TOKENS, 4096, 3072)
    agree(found + ends, shape_pass(SHAPES["HiDream-O1-Image"], WORDS, TOKENS))
