"""Wrong and right versions of 03.7 continuity_residual."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function, Mutant, Variant
from coursekit.theory.flow import Density, Velocity, continuity_residual
from coursekit.theory.paths import expand_as
from coursekit.theory.score import divergence


def _rate(density: Density, x: Tensor, t: Tensor) -> Tensor:
    time = t.detach().clone().requires_grad_()
    return torch.autograd.grad(density(x, time).sum(), time)[0]


def _slope(density: Density, x: Tensor, t: Tensor) -> Tensor:
    y = x.detach().clone().requires_grad_()
    return torch.autograd.grad(density(y, t).sum(), y)[0]


def _spread(velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    return divergence(lambda y: velocity(y, t), x).detach()


def _along(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    """velocity . grad p: how the density changes along the velocity."""
    return (velocity(x, t).detach() * _slope(density, x, t)).sum(1)


def _version(combine: Function) -> Function:
    """A version from the parts: (p, dp/dt, div u, u . grad p) -> residual."""

    def residual(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
        found: Tensor = combine(
            density(x, t).detach(),
            _rate(density, x, t),
            _spread(velocity, x, t),
            _along(density, velocity, x, t),
        )
        return found

    return residual


def _diagonal_once(
    density: Density, velocity: Velocity, x: Tensor, t: Tensor
) -> Tensor:
    """The gradient of the summed flux: the sum of all entries of the Jacobian."""
    y = x.detach().clone().requires_grad_()
    flux = expand_as(density(y, t), y) * velocity(y, t)
    return _rate(density, x, t) + torch.autograd.grad(flux.sum(), y)[0].sum(1)


def _first_only(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    y = x.detach().clone().requires_grad_()
    flux = expand_as(density(y, t), y) * velocity(y, t)
    return _rate(density, x, t) + torch.autograd.grad(flux[:, 0].sum(), y)[0][:, 0]


def _squared(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    return continuity_residual(density, velocity, x, t) ** 2


def _size(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    return continuity_residual(density, velocity, x, t).abs()


def _product_rule(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    """All of it from one backward pass per dimension, with the product rule."""
    y = x.detach().clone().requires_grad_()
    time = t.detach().clone().requires_grad_()
    p = density(y, time)
    slope, rate = torch.autograd.grad(p.sum(), (y, time))
    total = rate
    u = velocity(y, t)
    for i in range(x.shape[1]):
        (row,) = torch.autograd.grad(u[:, i].sum(), y, retain_graph=True)
        total = total + p.detach() * row[:, i] + u[:, i].detach() * slope[:, i]
    return total


def _by_jacobian(density: Density, velocity: Velocity, x: Tensor, t: Tensor) -> Tensor:
    """Time as one more coordinate, and one Jacobian for each sample."""
    rows = []
    for point, time in zip(x, t, strict=True):

        def current(place: Tensor) -> Tensor:
            here, now = place[None, :-1], place[-1:]
            p = density(here, now)
            return torch.cat([(p[:, None] * velocity(here, now))[0], p])

        place = torch.cat([point, time[None]])
        jacobian = torch.autograd.functional.jacobian(current, place)  # type: ignore[no-untyped-call]
        rows.append(torch.trace(jacobian))
    return torch.stack(rows)


MUTANTS = (
    Mutant(
        "div u",
        _version(lambda p, rate, spread, along: rate + spread),
        "this is dp/dt + div(velocity): what flows is the density, so take the "
        "divergence of p * velocity",
    ),
    Mutant(
        "p div u",
        _version(lambda p, rate, spread, along: rate + p * spread),
        "p is taken out of the divergence: it depends on x, and its slope counts too",
    ),
    Mutant(
        "carried along",
        _version(lambda p, rate, spread, along: rate + along),
        "this is dp/dt + velocity . grad p: where the velocity diverges the density "
        "thins out, and that is missing",
    ),
    Mutant(
        "minus",
        _version(lambda p, rate, spread, along: rate - p * spread - along),
        "the flux is subtracted: where more flows out than in, the density falls, so "
        "dp/dt = - div(p * velocity)",
    ),
    Mutant(
        "time stands still",
        _version(lambda p, rate, spread, along: p * spread + along),
        "dp/dt is missing: this is the divergence of the flux only",
    ),
    Mutant(
        "only dp/dt",
        _version(lambda p, rate, spread, along: rate),
        "the flux is missing: this is dp/dt only",
    ),
    Mutant(
        "of log p",
        _version(lambda p, rate, spread, along: rate / p + spread + along / p),
        "it is divided by the density: this is the equation of log p",
    ),
    Mutant(
        "all entries",
        _diagonal_once,
        "the slopes across are counted too: the divergence has only the diagonal, "
        "d(flux_i)/d(x_i)",
    ),
    Mutant(
        "first dimension only",
        _first_only,
        "only the first dimension counts: add d(flux_i)/d(x_i) over all of them",
    ),
    Mutant(
        "squared",
        _squared,
        "it is squared: the sign says whether density is made or lost",
    ),
    Mutant(
        "size only",
        _size,
        "its sign is lost: a residual above 0 makes density, one below 0 loses it",
    ),
)

VARIANTS = (
    Variant("product rule", _product_rule),
    Variant("one Jacobian in space and time", _by_jacobian),
)
