"""What every network owes, whatever is inside.

Authority: invariants. Samples of a batch never mix; every parameter learns; those with
adaLN-Zero or a closed head begin at zero, and their blocks at the identity; the time
and the condition reach the output; without a condition is with the null one.
"""

from dataclasses import replace

import pytest
import torch
from support_models import IDS, SHAPE, TEXT, T, X, awake, gap, normal, taught

from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.models.dit import TOLD, DiT, DiTConfig
from coursekit.models.dit_blocks import CrossBlock, DiTBlock
from coursekit.models.local_convnet import LocalConfig, LocalNet
from coursekit.models.mlp import EpsMLP
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.mmdit_blocks import DoubleBlock, SingleBlock
from coursekit.models.noisy_classifier import ClassifierConfig, NoisyClassifier
from coursekit.models.score_net import ScoreNet
from coursekit.models.text_encoder import TextEncoder
from coursekit.models.uit import StreamBlock, UiT, UiTConfig
from coursekit.models.unet import TOLD as UNET_TOLD
from coursekit.models.unet import UNet, UNetConfig
from coursekit.models.vit import ViT, ViTConfig

SMALL = UNetConfig(3, (8, 16), groups=4, time_width=8)
HALVES = AutoencoderConfig(widths=(8, 16), groups=4, latent=3)
VIT = ViTConfig(channels=3, size=8, patch=4, width=12, depth=2, heads=3)
CLASSIFIER = ClassifierConfig(3, 2, (8, 8), 16)

POINTS, EPS = normal(3, 2).float(), normal(3, 3, 2, 2, seed=1).float()
OTHER_IDS = torch.tensor([[1, 3, 6, 2, 0], [1, 3, 2, 0, 0], [1, 3, 9, 9, 2]])
EMPTY = torch.tensor([[1, 2, 0, 0, 0]]).expand(3, 5)
LABELS, OTHER_LABELS = torch.tensor([0, 1, 2]), torch.tensor([1, 2, 0])
NO_LABEL = torch.full((3,), 3)


def dit(**change):
    return lambda: DiT(DiTConfig(**SHAPE, depth=2, text=TEXT, **change))


def mmdit(**change):
    return lambda: MMDiT(MMDiTConfig(TEXT, channels=3, **SHAPE, **change))


def uit(**change):
    return lambda: UiT(UiTConfig(11, 5, **SHAPE, depth=2, bottleneck=6, **change))


def unet(**change):
    return lambda: UNet(replace(SMALL, **change))


PROMPTED = {
    **{f"DiT, {told}": dit(told=told) for told in TOLD},
    "DiT, rope": dit(positions="rope"),
    "MMDiT": mmdit(double=2),
    "MMDiT, hybrid": mmdit(double=1, single=2),
    "MMDiT, sines": mmdit(double=1, single=1, sines=True),
    "MMDiT, single": mmdit(double=0, single=2),
    "UiT": uit(predicts="velocity"),
    "UiT, no sines": uit(predicts="velocity", sines=False),
    **{f"UNet, {told}": unet(told=told, text=TEXT) for told in UNET_TOLD},
}
LABELLED = {
    "DiT, labels": lambda: DiT(DiTConfig(**SHAPE, depth=1, num_classes=3)),
    "UNet, labels": unet(num_classes=3),
}
TIMED = {
    "UNet, deep": unet(blocks=2),
    "UNet, patches": unet(blocks=2, patch=2),
    "LocalNet": lambda: LocalNet(LocalConfig(3, 8, 1)),
}
ZERO = PROMPTED | LABELLED | TIMED  # all that begin at zero
NETWORKS = (
    {name: (make, (X, T, IDS)) for name, make in PROMPTED.items()}
    | {name: (make, (X, T, LABELS)) for name, make in LABELLED.items()}
    | {name: (make, (X, T)) for name, make in TIMED.items()}
    | {
        "UiT, x0": (uit(), (X, T, IDS)),
        "MLP": (lambda: EpsMLP(width=16), (POINTS, T)),
        "MLP, labels": (lambda: EpsMLP(width=16, num_classes=3), (POINTS, T, LABELS)),
        "score net": (ScoreNet, (POINTS, 10 * T)),
        "classifier": (lambda: NoisyClassifier(CLASSIFIER), (X, T)),
        "ViT": (lambda: ViT(VIT), (X,)),
        "text encoder": (lambda: TextEncoder(TEXT), (IDS,)),
        "VAE": (lambda: Autoencoder(HALVES), (X, EPS)),
        "autoencoder": (lambda: Autoencoder(replace(HALVES, variational=False)), (X,)),
    }
)
# The last words ask, and nobody reads what they hear (as in SD3's code).
IDLE = {"MMDiT": {"two_streams.1.text.project.norm_q.weight"}}
BLOCKS = (DiTBlock, CrossBlock, DoubleBlock, SingleBlock, StreamBlock)
every = pytest.mark.parametrize("name", NETWORKS)


def fresh(name):
    make, inputs = NETWORKS[name]
    torch.manual_seed(0)
    return make(), inputs


def answer(network, *inputs):
    """The one tensor that matters: a prompt's vector, the rebuilt pictures."""
    said = network(*inputs)
    if isinstance(network, TextEncoder):
        return said.pooled
    return said[0] if isinstance(network, Autoencoder) else said


@every
@torch.no_grad()
def test_samples_never_mix(name):
    network, inputs = fresh(name)
    awake(network)
    rows = [answer(network, *(x[i : i + 1] for x in inputs)) for i in range(3)]
    whole = answer(network, *inputs)
    torch.testing.assert_close(torch.cat(rows), whole, rtol=1e-4, atol=2e-5)
    assert gap(whole[0], whole[1]) > 1e-3


@every
def test_every_parameter_learns(name):
    """Within a few steps each of them has had a gradient; none is left behind."""
    network, inputs = fresh(name)
    optimiser, learnt = torch.optim.SGD(network.parameters(), lr=0.1), set()
    for _ in range(8):
        optimiser.zero_grad()
        said = answer(network, *inputs)
        target = normal(*said.shape, seed=2).float()
        (said - target).square().mean().backward()
        learnt |= taught(network)
        optimiser.step()
    idle = {n for n, p in network.named_parameters() if p.requires_grad} - learnt
    assert idle == IDLE.get(name, set())


@pytest.mark.parametrize("name", ZERO)
def test_a_new_network_says_zero_and_its_blocks_do_nothing(name):
    network, inputs = fresh(name)
    gaps = []

    def watch(_, inputs, output):
        outputs = output if isinstance(output, tuple) else (output,)
        gaps.extend(map(gap, inputs, outputs))

    for block in network.modules():
        if isinstance(block, BLOCKS):
            block.register_forward_hook(watch)
    said = network(*inputs)
    assert said.shape == X.shape and not said.detach().any()
    assert all(each <= 1e-6 for each in gaps)
    assert bool(gaps) == (
        name.startswith(("DiT", "MMDiT", "UiT")) and name != "DiT, context"
    )


@every
@torch.no_grad()
def test_the_time_and_the_condition_reach_the_output(name):
    network, inputs = fresh(name)
    awake(network)
    said = answer(network, *inputs)

    def moved(*others):
        per_sample = (answer(network, *others) - said).abs().flatten(1).amax(1)
        return float(per_sample.min())

    if len(inputs) > 1 and name != "VAE":
        x, t, *cond = inputs
        assert moved(x, t / 2, *cond) > 1e-4
        shared = answer(network, x, t[0], *cond)  # one time for all
        everywhere = answer(network, x, t[:1].expand(3), *cond)
        torch.testing.assert_close(shared, everywhere, rtol=1e-4, atol=2e-5)
        if cond:
            words = cond[0] is IDS
            assert moved(x, t, OTHER_IDS if words else OTHER_LABELS) > 1e-4
            null = answer(network, x, t, EMPTY if words else NO_LABEL)
            assert torch.equal(answer(network, x, t), null)
    if name in PROMPTED:
        corner = X.clone()
        corner[:, :, 0, 0] += 5  # the first patch speaks to the last
        there = answer(network, corner, T, IDS) - said
        assert float(there[:, :, -2:, -2:].abs().max()) > 1e-5


def test_ways_that_cannot_be():
    for make, complaint in (
        (dit(told="film"), "told='film'"),
        (dit(positions="grid"), "positions='grid'"),
        (uit(predicts="eps"), "predicts='eps'"),
        (lambda: DiT(DiTConfig(told="cross")), "give the config a text"),
        (dit(num_classes=2), "not both"),
        (unet(told="adaln"), "told='adaln'"),
        (unet(told="cross"), "give the config a text"),
        (unet(num_classes=3, text=TEXT), "not both"),
    ):
        with pytest.raises(ValueError, match=complaint):
            make()
    for make, complaint in (
        (lambda: DiT(DiTConfig(**SHAPE, depth=1)), "no condition"),
        (TIMED["LocalNet"], "no condition"),
        (unet(), "no classes"),
    ):
        with pytest.raises(ValueError, match=complaint):
            make()(X, T, LABELS)
