"""Lecture 3, one belief in five vocabularies: 03.8 from_velocity."""

import torch
from torch import Tensor

from coursekit.checks.spec import (
    Function,
    Inputs,
    Mutant,
    Oracle,
    Outputs,
    Probe,
    Variant,
)
from coursekit.checks.tensors import (
    KINDS,
    array,
    arrays,
    column,
    must_equal,
    tensor,
)
from coursekit.theory.paths import LinearPath, expand_as
from coursekit.theory.prediction import Prediction, convert
from coursekit.workbook.exercises.flow_batch import UNSHAPED, flow_batch


def _inputs(seed: int) -> Inputs:
    _, inputs = flow_batch(seed, "x0", "eps", earliest=0.2)
    t = column(inputs["t"], inputs["x0"])
    dtype = inputs["x0"].dtype
    inputs["xt"] = ((1 - t) * inputs["x0"] + t * inputs["eps"]).astype(dtype)
    inputs["velocity"] = inputs["eps"] - inputs["x0"]
    return inputs


def _call(fn: Function, inputs: Inputs) -> Outputs:
    velocity, xt, t = (tensor(inputs[name]) for name in ("velocity", "xt", "t"))
    found = fn(velocity, xt, t)
    if isinstance(found, Prediction):
        return {name: array(getattr(found, name)) for name in Prediction._fields}
    return dict(zip(Prediction._fields, arrays(found, 5), strict=True))


def _known(inputs: Inputs, outputs: Outputs) -> str | None:
    """The velocity was made of x0 and eps: they must come out again."""
    x0, eps = inputs["x0"].astype(float), inputs["eps"].astype(float)
    t = column(inputs["t"], x0)
    wanted = {
        "x0": x0,
        "eps": eps,
        "score": -eps / t,
        "velocity": eps - x0,
        "v": eps - t * (eps + x0),
    }
    for name, want in wanted.items():
        said = must_equal(
            outputs[name],
            want,
            f"{name}: it is not that of the x0 and eps which the velocity was made of",
        )
        if said is not None:
            return said
    return None


def _path_again(inputs: Inputs, outputs: Outputs) -> str | None:
    """Data and noise, mixed again, give x_t."""
    t = column(inputs["t"], inputs["xt"])
    return must_equal(
        ((1 - t) * outputs["x0"] + t * outputs["eps"]).astype(inputs["xt"].dtype),
        inputs["xt"].astype(float),
        "(1 - t) * x0 + t * eps must give x_t again",
    )


def _translation(**parts: Function) -> Function:
    """A version with some of the five replaced: functions of (velocity, xt, time)."""

    def from_velocity(velocity: Tensor, xt: Tensor, t: Tensor) -> Prediction:
        time = expand_as(t, xt)
        right = convert(velocity, xt, t, LinearPath(), "velocity")
        wrong = {name: part(velocity, xt, time) for name, part in parts.items()}
        return right._replace(**wrong)

    return from_velocity


def _papers(velocity: Tensor, xt: Tensor, t: Tensor) -> Prediction:
    """The papers' formulas, fed with our clock."""
    time = expand_as(t, xt)
    x0, eps = xt + (1 - time) * velocity, xt - time * velocity
    return Prediction(
        x0, eps, -eps / (1 - time), velocity, (1 - time) * eps - time * x0
    )


def _unshaped(velocity: Tensor, xt: Tensor, t: Tensor) -> Prediction:
    x0, eps = xt - t * velocity, xt + (1 - t) * velocity
    return Prediction(x0, eps, -eps / t, velocity, (1 - t) * eps - t * x0)


def _by_convert(velocity: Tensor, xt: Tensor, t: Tensor) -> Prediction:
    return convert(velocity, xt, t, LinearPath(), "velocity")


def _by_solve(velocity: Tensor, xt: Tensor, t: Tensor) -> tuple[Tensor, ...]:
    """Two equations, two unknowns, for every entry; a plain tuple is fine too."""
    one = torch.ones_like(t)
    rows = torch.stack([torch.stack([1 - t, t]), torch.stack([-one, one])])
    known = torch.stack([xt.flatten(1), velocity.flatten(1)], dim=1)
    x0, eps = torch.linalg.solve(rows.permute(2, 0, 1), known).unbind(1)
    x0, eps = x0.reshape(xt.shape), eps.reshape(xt.shape)
    time = t.view(-1, *[1] * (xt.ndim - 1))
    return x0, eps, -eps / time, eps - x0, eps - time * (eps + x0)


FROM_VELOCITY = Probe(
    inputs=_inputs,
    call=_call,
    cases=KINDS,
    oracles=(Oracle("known data and noise", _known), Oracle("x_t again", _path_again)),
    mutants=(
        Mutant(
            "papers' formulas",
            _papers,
            "these are the papers' formulas, whose clock is 1 - t and whose velocity "
            "is minus ours",
        ),
        Mutant(
            "a whole unit of time",
            _translation(x0=lambda u, xt, t: xt - u),
            "x0 is x_t - velocity: from time t the way back to 0 takes the time t only",
        ),
        Mutant(
            "noise a unit away",
            _translation(eps=lambda u, xt, t: xt + u),
            "eps is x_t + velocity: from time t the way on to 1 takes the time 1 - t",
        ),
        Mutant(
            "wrong way to the data",
            _translation(x0=lambda u, xt, t: xt + t * u),
            "x0 is looked for in the direction of the noise: going back in time, "
            "subtract",
        ),
        Mutant(
            "wrong way to the noise",
            _translation(eps=lambda u, xt, t: xt - (1 - t) * u),
            "eps is looked for in the direction of the data: going on in time, add",
        ),
        Mutant(
            "swapped",
            _translation(
                x0=lambda u, xt, t: xt + (1 - t) * u, eps=lambda u, xt, t: xt - t * u
            ),
            "x0 and eps are swapped: x0 lies at time 0, eps at time 1",
        ),
        Mutant(
            "score is minus eps",
            _translation(score=lambda u, xt, t: -(xt + (1 - t) * u)),
            "the score is -eps: divide by the noise level t",
        ),
        Mutant(
            "score points to the noise",
            _translation(score=lambda u, xt, t: (xt + (1 - t) * u) / t),
            "the score points towards the noise: it is -eps / t, towards more density",
        ),
        Mutant(
            "score over variance",
            _translation(score=lambda u, xt, t: -(xt + (1 - t) * u) / t**2),
            "the score is divided by t^2: eps is already divided by the noise level "
            "once",
        ),
        Mutant(
            "score is the velocity",
            _translation(score=lambda u, xt, t: -u),
            "the score is minus the velocity: the two differ by more than a sign",
        ),
        Mutant(
            "v is the velocity",
            _translation(v=lambda u, xt, t: u),
            "v is the velocity: the v of Salimans & Ho is (1 - t) * eps - t * x0",
        ),
        Mutant(
            "v mixes like x_t",
            _translation(v=lambda u, xt, t: xt),
            "v is x_t itself: data and noise change places, and the data changes its "
            "sign",
        ),
        Mutant("not reshaped", _unshaped, UNSHAPED),
    ),
    variants=(
        Variant("convert", _by_convert),
        Variant("a linear system", _by_solve),
    ),
)
