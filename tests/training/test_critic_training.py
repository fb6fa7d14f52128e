"""The critic and the autoencoder, trained by one number.

Authority: the usual way with two optimisers, in which each network has a loss of its
own and is held fixed in the other's.
"""

from dataclasses import replace
from typing import cast

import pytest
import torch
from tiny_kinds import tiny
from torch import Tensor, nn

from coursekit.theory.vae import adaptive_weight, hinge_critic, vae_loss
from coursekit.training.recipe_autoencoder import AutoencoderRecipe, Judged


def recipe(critic_from: int = 0) -> AutoencoderRecipe:
    made = cast(AutoencoderRecipe, tiny("critic"))
    return replace(made, critic=0.7, critic_from=critic_from)


def prepared(of: AutoencoderRecipe) -> tuple[Judged, nn.Module, tuple[Tensor, ...]]:
    """The network, its critic, and a batch, in double precision."""
    torch.manual_seed(0)
    model = cast(Judged, of.build(of.quick.model)).double()
    x0, eps, step = of.batch(of.load(16), 8, 3)
    assert model.critic is not None
    return model, model.critic, (x0.double(), eps.double(), step)


def test_each_network_sees_its_own_loss_only():
    of = recipe()
    model, critic, batch = prepared(of)
    loss = of.loss(model, batch)
    loss.backward()
    found = {name: p.grad for name, p in model.named_parameters()}

    net, (x0, noise, _) = model.autoencoder, batch
    eps = noise[:, : 4 * 64].reshape(-1, 4, 8, 8)
    rebuilt, bells = net(x0, eps)
    others = vae_loss(x0, rebuilt, bells.mean, bells.log_var, of.beta, of.noise)

    # The critic's own step: the pictures are fixed.
    hinge = hinge_critic(critic(x0), critic(rebuilt.detach()))
    own = torch.autograd.grad(hinge, list(critic.parameters()))
    # The autoencoder's step: the critic is a fixed function of the picture.
    said = -critic(rebuilt).mean()
    slopes = [
        torch.autograd.grad(each, net.up[-1].weight, retain_graph=True)[0]  # type: ignore[arg-type]
        for each in (others, said)
    ]
    weight = of.critic * adaptive_weight(*slopes)
    assert 1e-3 < float(weight) < 1e4
    heard = torch.autograd.grad(others + weight * said, list(net.parameters()))

    for (name, _), grad in zip(critic.named_parameters(), own, strict=True):
        torch.testing.assert_close(found[f"critic.{name}"], grad)
    for (name, _), grad in zip(net.named_parameters(), heard, strict=True):
        torch.testing.assert_close(found[f"autoencoder.{name}"], grad)
    # The value is the sum of both.
    torch.testing.assert_close(loss, others + weight * said + hinge)


def test_before_its_time_the_critic_says_and_learns_nothing():
    of = recipe(critic_from=4)
    model, critic, (x0, noise, _) = prepared(of)
    for step, there in ((3, False), (4, True)):
        model.zero_grad()
        of.loss(model, (x0, noise, torch.full((8,), step))).backward()
        grads = [p.grad for p in critic.parameters()]
        assert all((g is not None) == there for g in grads)


@pytest.mark.parametrize("kind", ["vae", "plain"])
def test_only_the_autoencoder_ships(kind):
    """And its latents have unit spread on training pictures."""
    of = cast(AutoencoderRecipe, tiny(kind))
    data = of.load(64)
    torch.manual_seed(0)
    net = of.published(of.build(of.quick.model), data)
    z = net.encode(data.x.permute(0, 3, 1, 2).float() / 127.5 - 1)
    assert float(z.mean((0, 2, 3)).abs().max()) < 1e-4
    torch.testing.assert_close(z.std((0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)
    assert not any(name.startswith("critic") for name in net.state_dict())
