"""How exercises are tried: inputs drawn by name, and one short function each.

    @tried("03.1", draws("x0", "eps", t=(0, 1)))
    def conditional_path(fn: Function, i: Any) -> Results:
        return {"x_t": fn(i.x0, i.eps, i.t)}

`i` has the inputs as attributes, tensors where they were arrays. What comes back is
named for the learner, who reads the name when a value is wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.checks.spec import (
    BadResult,
    Function,
    Inputs,
    Oracle,
    Outputs,
    Probe,
)
from coursekit.checks.trial import is_stub

Array = NDArray[Any]
Results = Mapping[str, Any]
Draw = Callable[[int], Inputs]
Look = Callable[[Function, Any], Results]

KINDS = ("points (B, D)", "images (B, C, H, W)", "clips (B, F, C, H, W)")
# The batch size differs from every other dimension: a coefficient of shape (B,) that
# is not reshaped can never broadcast by luck.
SHAPES = ((7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5))


class Tries(dict[str, Probe]):
    """The probes of one lecture, by the id of their exercise."""

    def tried(
        self,
        exercise: str,
        inputs: Draw,
        cases: Sequence[str] = KINDS,
        oracles: Sequence[Oracle] = (),
        tolerances: Mapping[str, tuple[float, float]] | None = None,
    ) -> Callable[[Look], Look]:
        """Register how an exercise is tried; the arguments are those of `Probe`."""

        def register(look: Look) -> Look:
            if exercise in self:
                raise ValueError(f"exercise {exercise} is tried twice")
            self[exercise] = Probe(
                inputs,
                calling(look),
                f"{look.__module__}:{look.__name__}",
                tuple(cases),
                tuple(oracles),
                tolerances or {},
            )
            return look

        return register


class Given:
    """The inputs of one try as attributes: tensors where they were arrays.

    A tensor shares memory with its array, so that a change in place shows.
    """

    def __init__(self, inputs: Inputs) -> None:
        """Wrap them; none is looked at before it is asked for."""
        self._inputs = inputs

    def __getattr__(self, name: str) -> Any:
        """The input of that name. KeyError when there is none."""
        value = self._inputs[name]
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value)
        setattr(self, name, value)
        return value

    def __getitem__(self, name: str) -> Any:
        """The same, for a name that is no identifier."""
        return getattr(self, name)


def calling(look: Look) -> Callable[[Function, Inputs], Outputs]:
    """From (function, inputs as attributes) to (function, plain arrays), and back."""

    def call(fn: Function, inputs: Inputs) -> Outputs:
        found = look(careful(fn), Given(inputs))
        return {name: array(value) for name, value in found.items()}

    return call


def careful(fn: Function) -> Function:
    """The same function; BadResult when it leaves a trace beside its result.

    It may neither touch torch's global generator nor switch on the gradient of a tensor
    that it was handed. Of a generator each step is watched. A class stays as it is, and
    whoever makes a network may draw its weights.
    """
    if isinstance(fn, type):
        return fn

    def watched(*args: Any, **named: Any) -> Any:
        handed = [a for a in (*args, *named.values()) if isinstance(a, Tensor)]
        plain = [each for each in handed if not each.requires_grad]

        def run(work: Callable[[], Any]) -> Any:
            before = torch.get_rng_state()
            found = work()
            drawn = not torch.equal(before, torch.get_rng_state())
            if drawn and not isinstance(found, torch.nn.Module):
                raise BadResult(
                    "it draws from torch's global generator, or seeds it: use what it "
                    "is given, its noise or its generator"
                )
            if any(each.requires_grad for each in plain):
                raise BadResult(
                    "it changes what it was handed: requires_grad_() on the caller's "
                    "own tensor; take x.detach().requires_grad_()"
                )
            return found

        found = run(lambda: fn(*args, **named))
        return steps(found, run) if isinstance(found, Iterator) else found

    return watched


def steps(states: Iterator[Any], run: Callable[[Callable[[], Any]], Any]) -> Any:
    """A learner's generator, each of its steps run by `run`."""
    end = object()
    while (state := run(lambda: next(states, end))) is not end:
        yield state


def array(value: Any, scalar: bool = False) -> Array:
    """A tensor as a plain array. Raises BadResult, in words, for anything else."""
    if isinstance(value, Tensor):
        if value.dtype == torch.bfloat16:
            raise BadResult("it returns bfloat16: keep the dtype of what it is given")
        found: Array = value.detach().cpu().numpy().copy()
        return found
    if value is None:
        raise BadResult("it returns None: is there a `return` at the end?")
    kind = type(value).__name__
    if isinstance(value, Iterator):
        raise BadResult("it is a generator: use `return`, not `yield`")
    if isinstance(value, tuple | list):
        raise BadResult(f"it returns a {kind} of {len(value)}, not one tensor")
    more = "; keep it a tensor, so that gradients can flow" if scalar else ""
    raise BadResult(f"it returns a {kind}, not a tensor{more}")


def pair(value: Any, count: int = 2) -> tuple[Tensor, ...]:
    """A tuple of tensors, with the same care."""
    if isinstance(value, Tensor):
        raise BadResult(f"it returns one tensor, not a tuple of {count}")
    if not isinstance(value, tuple | list) or len(value) != count:
        array(value)
    for item in value:
        array(item)
    return tuple(value)


def count(value: float) -> Tensor:
    """A count of our own as a result."""
    return torch.tensor([float(value)], dtype=torch.float64)


def number(value: Any) -> Tensor:
    """A number that the learner returns. Raises BadResult for anything else."""
    if isinstance(value, int | float | np.integer | np.floating):
        return count(float(value))
    if array(value).size != 1:
        shape = tuple(value.shape)
        raise BadResult(f"it returns a tensor of shape {shape}, not one number")
    return count(float(value))


def refusal(call: Callable[[], Any], wanted: type[Exception] = ValueError) -> Tensor:
    """1 when the call raises what is wanted, 0.5 for another error, 0 for none."""
    try:
        call()
    except wanted:
        return count(1)
    except Exception as error:
        if is_stub(error):
            raise
        return count(0.5)
    return count(0)


def generator(seed: int) -> np.random.Generator:
    """Fresh numbers for a seed of any size or sign."""
    return np.random.default_rng(abs(seed) * 2 + (seed < 0))


def draws(*names: str, **ends: tuple[float, float]) -> Draw:
    """Normal arrays of the given names, and numbers drawn between two ends.

    `t` and `share` are one number for each sample; both ends of t are among them.
    Points and clips are float64, images float32, as in training.
    """

    def inputs(seed: int) -> Inputs:
        rng, shape = generator(seed), SHAPES[seed % len(SHAPES)]
        dtype = np.float32 if len(shape) == 4 else np.float64
        made: Inputs = {n: rng.standard_normal(shape).astype(dtype) for n in names}
        for name, (low, high) in ends.items():
            made[name] = float(rng.uniform(low, high))
            if name in ("t", "share"):
                inner = rng.uniform(max(low, 0.05), min(high, 0.95), shape[0] - 2)
                made[name] = rng.permutation([low, high, *inner]).astype(dtype)
        return made

    return inputs


def vectors(seed: int, **shapes: Any) -> Inputs:
    """Normal float64 arrays of the given shapes, a little smaller than 1."""
    rng = generator(seed)
    return {name: 0.8 * rng.standard_normal(shape) for name, shape in shapes.items()}


def grid(seed: int, steps: int, begin: float = 1.0, end: float = 0.0) -> Array:
    """N + 1 decreasing times, unevenly spaced, no two closer than a tenth of even."""
    weights = generator(seed).uniform(0.4, 2.0, steps)
    passed = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    return np.asarray(begin + (end - begin) * passed)


def column(t: Any, like: Any) -> Any:
    """(B,) -> (B, 1, .., 1), to multiply `like`; arrays and tensors."""
    shaped = t.reshape(-1, *[1] * (like.ndim - 1))
    return shaped.to(like.dtype) if isinstance(shaped, Tensor) else shaped


def bend(x: Tensor, t: Tensor) -> Tensor:
    """A velocity that no formula of the course gives: it looks at x and t."""
    late: Tensor = column(t, x)
    return torch.tanh(x) * (0.3 + late) - 0.4 * late**2


class Watched:
    """A function of (x, t) that remembers when it was asked."""

    def __init__(self, function: Callable[[Tensor, Tensor], Any] = bend) -> None:
        """Watch `function`; nobody has asked yet."""
        self.function = function
        self.times: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor) -> Any:
        """Its answer."""
        self.times.append(torch.as_tensor(t).detach().double())
        return self.function(x, t)

    def asked(self, found: Any, how: str = "velocity(x, t)") -> dict[str, Tensor]:
        """How often, and at which times.

        found: what came of it, judged first. Raises BadResult, with `how`, when never.
        """
        array(found)
        if not self.times:
            name = how.partition("(")[0]
            raise BadResult(f"the {name} is never asked: call {how}")
        if len({t.shape for t in self.times}) == 1:
            times = torch.stack(self.times)
        else:
            times = torch.zeros(0, dtype=torch.float64)
        return {"evaluations": count(len(self.times)), "times asked": times}


class Net:
    """weight * tanh(x) * (1 + t): a network that remembers when it was asked."""

    def __init__(self, weight: float, like: Tensor) -> None:
        """A fresh weight, in the dtype of `like`."""
        self.weight = torch.tensor(weight, dtype=like.dtype, requires_grad=True)
        self.times: list[Tensor] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """The network's answer."""
        self.times.append(torch.as_tensor(t).detach().double())
        late: Tensor = 1 + column(t, x)
        return self.weight * torch.tanh(x) * late

    def learns(self, loss: Any) -> dict[str, Any]:
        """The loss, its gradient and the first times. Raises BadResult, in words."""
        array(loss, scalar=True)
        if not self.times:
            raise BadResult("the model is never asked: call model(x_t, t)")
        if not loss.requires_grad:
            raise BadResult(
                "no gradient reaches the model: it is cut by detach, .data or no_grad"
            )
        (slope,) = torch.autograd.grad(loss.sum(), self.weight)
        return {"loss": loss, "gradient": slope, "t that the model sees": self.times[0]}


def slopes(loss: Any, **leaves: Tensor) -> dict[str, Tensor]:
    """The gradients of a loss's sum, by name; 0 where it does not depend on a leaf.

    Raises BadResult, in words, when no gradient flows at all.
    """
    array(loss, scalar=True)
    if not loss.requires_grad:
        raise BadResult("no gradient comes through: it is cut by detach or no_grad")
    found = torch.autograd.grad(
        loss.sum(), list(leaves.values()), allow_unused=True, materialize_grads=True
    )
    return {f"gradient for {n}": s for n, s in zip(leaves, found, strict=True)}


def taught(network: torch.nn.Module, found: Any) -> dict[str, Tensor]:
    """How a network's weights would move if what it `found` should be smaller.

    Raises BadResult, in words, when no gradient flows at all.
    """
    array(found)
    if not found.requires_grad:
        raise BadResult("no gradient comes through: it is cut by detach or no_grad")
    moved = torch.autograd.grad(
        (found**2).sum(),
        list(network.parameters()),
        allow_unused=True,
        materialize_grads=True,
    )
    return {"gradients of the weights": torch.cat([each.flatten() for each in moved])}


def weights(model: torch.nn.Module, seed: int) -> Inputs:
    """Fresh weights for every parameter and buffer, as inputs called `weight NAME`."""
    rng, found = generator(~seed), Inputs()  # not the numbers of `vectors(seed)`
    for name, old in model.state_dict().items():
        fresh = rng.standard_normal(tuple(old.shape))
        if old.ndim > 1:  # so that the numbers neither grow nor vanish on the way
            fresh = fresh / np.sqrt(max(1, fresh[0].size))
        elif name.endswith("weight"):  # of a norm
            fresh = 1 + 0.3 * fresh
        found[f"weight {name}"] = fresh
    return found


def loaded(network: Function, config: Mapping[str, Any], i: Given) -> Any:
    """The learner's network in float64, with the inputs `weight NAME` as its weights.

    Raises BadResult when it is no network.
    """
    model = network(**config)
    if not isinstance(model, torch.nn.Module):
        raise BadResult("it is not a network: keep the class as it was handed out")
    names = model.double().state_dict()
    model.load_state_dict({name: i[f"weight {name}"] for name in names})
    return model


def must_equal(got: Array, want: Array, sentence: str) -> str | None:
    """The sentence when two arrays differ, in the shape of an oracle's answer."""
    single = got.dtype == np.float32
    rtol, atol = (2e-4, 5e-5) if single else (1e-6, 1e-7)
    fits = got.shape == want.shape and np.allclose(got, want, rtol=rtol, atol=atol)
    return None if fits else sentence


def equals(output: str, formula: Callable[[Inputs], Any], sentence: str) -> Oracle:
    """An oracle: results[output] is formula(inputs), computed without the package."""
    return Oracle(
        output,
        lambda inputs, outputs: must_equal(
            outputs[output], np.asarray(formula(inputs)), sentence
        ),
    )
