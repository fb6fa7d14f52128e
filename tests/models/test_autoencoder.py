"""The autoencoder. Authority: invariants (sizes, scaling), a count
of parameters on paper, and a picture that it can learn by heart."""

from dataclasses import replace

import pytest
import torch
from support_models import learn, normal

from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.models.unet import count_parameters
from coursekit.theory.vae import vae_loss

SMALL = AutoencoderConfig(widths=(8, 16), groups=4, latent=3)
EPS = normal(4, 3, 4, 4, seed=2).float()


def fresh(config: AutoencoderConfig = SMALL) -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(config)


def pictures(count: int = 4) -> torch.Tensor:
    return normal(count, 3, 16, 16, seed=1).float().clamp(-1, 1)


@pytest.mark.parametrize(
    ("patch", "widths", "factor"),
    [(1, (8,), 1), (2, (8,), 2), (1, (8, 8), 2), (2, (8, 8), 4), (2, (8, 8, 8), 8)],
)
@torch.no_grad()
def test_the_factor_is_that_of_the_latent_grid(patch, widths, factor):
    config = AutoencoderConfig(widths=widths, groups=4, latent=5, patch=patch)
    model, x = fresh(config), pictures()[..., :8]
    latents = model.encode(x)
    assert config.factor == factor
    assert model.latent_shape(16, 8) == (5, 16 // factor, 8 // factor)
    assert latents.shape[1:] == model.latent_shape(16, 8)
    assert model.decode(latents).shape == x.shape


def test_parameters_as_counted_on_paper():
    """3x3 convolutions a b 9 + b, norms 2 c, in the order of the two halves."""

    def conv(a: int, b: int) -> int:
        return a * b * 9 + b

    def block(width: int) -> int:
        return 2 * (2 * width + conv(width, width))

    encoder = conv(12, 8) + block(8) + conv(8, 16) + block(16) + 2 * 16 + conv(16, 6)
    decoder = conv(3, 16) + block(16) + conv(16, 8) + block(8) + 2 * 8 + conv(8, 12)
    assert count_parameters(fresh()) == encoder + decoder


@torch.no_grad()
def test_fitted_latents_have_unit_spread_and_decode_to_the_same():
    model, x = fresh(), 0.3 + pictures(40)
    before = model(x)[0]
    model.fit_scale(x)
    latents = model.encode(x)
    close = {"atol": 1e-4, "rtol": 0}
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(3), **close)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(3), **close)
    torch.testing.assert_close(model.decode(latents), before, atol=1e-5, rtol=1e-4)
    mean = model.bells(x).mean
    torch.testing.assert_close(latents, (mean - model.shift) / model.scale)
    restored = Autoencoder(SMALL)
    restored.load_state_dict(model.state_dict())  # the scale travels with the weights
    torch.testing.assert_close(restored.encode(x), latents)


@torch.no_grad()
def test_a_silent_channel_does_not_blow_up():
    model = fresh()
    last = model.down[-1]
    last.weight[1], last.bias[1] = 0, 0.7
    model.fit_scale(pictures())
    assert model.encode(pictures(8)).abs().max() < 100
    torch.testing.assert_close(model.encode(pictures())[:, 1].std(), torch.tensor(0.0))


@torch.no_grad()
def test_a_plain_autoencoder_is_sure_and_a_vae_is_not():
    x, plain, vae = pictures(), fresh(replace(SMALL, variational=False)), fresh()
    torch.testing.assert_close(plain(x, EPS)[0], plain(x)[0], atol=1e-5, rtol=0)
    assert (vae(x, EPS)[0] - vae(x)[0]).abs().max() > 0.01
    torch.testing.assert_close(vae(x, EPS)[0], vae(x, EPS)[0])


@torch.no_grad()
def test_log_variances_are_bounded():
    model = fresh()
    model.down[-1].bias[3:] = torch.tensor([1e4, -1e4, 0.0])
    log_var = model.bells(pictures()).log_var
    assert log_var[:, 0].eq(20).all() and log_var[:, 1].eq(-30).all()


def test_it_learns_pictures_by_heart():
    """Two pictures, 150 steps: the error falls to a tenth of that of their mean. The
    bells are needed for that, so the KL rises from nearly nothing."""
    model, x = fresh(), pictures(2)

    def loss(step: int) -> torch.Tensor:
        rebuilt, bells = model(x, normal(2, 3, 4, 4, seed=step).float())
        return vae_loss(x, rebuilt, *bells, beta=0.01, noise=0.1)

    learn(model, loss, 150, 1e-2)
    error = (model(x)[0] - x).square().mean().item()
    mean_error = (x - x.mean(0)).square().mean().item()
    print(f"error {error:.4f}, of the mean picture {mean_error:.4f}")
    assert error < mean_error / 10
