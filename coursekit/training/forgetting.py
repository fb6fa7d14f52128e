"""Train on, and look now and then at what the network could do before."""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn

from coursekit.theory.paths import LinearPath
from coursekit.training.loop import Run, train

Probe = Callable[[nn.Module], Tensor]


def velocity_error(
    model: nn.Module, x0: Tensor, eps: Tensor, t: Tensor, cond: Tensor | None = None
) -> Tensor:
    """A probe of a skill: the velocity's mean squared error, and not a trace of asking.

    The model is asked at xt = (1 - t) x0 + t eps for eps - x0, with this noise and
    these times, so that two askings of one model give one number. It is in eval mode
    meanwhile and afterwards in the mode it was in; no gradient is kept, and no random
    number drawn. x0, eps: (B, ...); t: (B,); cond: what the model is told, None for
    model(xt, t). Returns the mean over everything, a scalar.
    """
    mode = model.training
    model.eval()
    xt: Tensor = LinearPath().corrupt(x0, eps, t)
    with torch.no_grad():
        answer = model(xt, t) if cond is None else model(xt, t, cond)
    model.train(mode)
    error: Tensor = (answer - (eps - x0)).square().mean()
    return error


def watched(
    run: Run, probes: Mapping[str, Probe], every: int
) -> Iterator[dict[str, float]]:
    """Train to the end; before the first step and after every `every` of them, look.

    Yields {"step": ..., name of a probe: what it finds in the averaged weights}.
    """

    def look() -> dict[str, float]:
        model = run.averaged()
        found = {name: float(probe(model)) for name, probe in probes.items()}
        return {"step": float(run.step), **found}

    yield look()
    for step in train(run):
        if step.number % every == 0:
            yield look()
