"""Between the plain arrays of a specification and the tensors a learner sees."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.checks.spec import BadResult, Inputs, Oracle
from coursekit.theory.ddpm_schedule import Schedule

Array = NDArray[Any]
KINDS = ("points (B, D)", "images (B, C, H, W)", "clips (B, F, C, H, W)")
# The batch size differs from every other dimension: a coefficient of shape (B,) that
# is not reshaped can never broadcast by luck.
SHAPES = ((7, 2), (7, 3, 4, 6), (7, 2, 3, 4, 5))


def tensor(array: Array) -> Tensor:
    """A tensor that shares memory, so that a change in place shows in the inputs."""
    return torch.from_numpy(array)


def schedule(inputs: Inputs) -> Schedule:
    """The schedule of the inputs `beta` and `alpha_bar`."""
    return Schedule(tensor(inputs["beta"]), tensor(inputs["alpha_bar"]))


def array(value: Any, scalar: bool = False) -> Array:
    """A tensor as a plain array. Raises BadResult, in words, for anything else."""
    if isinstance(value, Tensor):
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


def arrays(value: Any, count: int) -> tuple[Array, ...]:
    """A tuple of tensors as plain arrays, with the same care."""
    if isinstance(value, Tensor):
        raise BadResult(f"it returns one tensor, not a tuple of {count}")
    if value is not None and isinstance(value, tuple | list) and len(value) == count:
        return tuple(array(item) for item in value)
    return (array(value),)


def generator(seed: int) -> np.random.Generator:
    """Fresh numbers for a seed of any size or sign."""
    return np.random.default_rng(abs(seed) * 2 + (seed < 0))


def chain(rng: np.random.Generator, shortest: int = 11) -> Inputs:
    """A DDPM chain that no formula predicts: `beta` and `alpha_bar`, each (T + 1,)."""
    num_steps = int(rng.integers(shortest, shortest + 6))
    beta = np.concatenate([[0.0], rng.uniform(0.02, 0.35, num_steps)])
    return {"beta": beta, "alpha_bar": np.cumprod(1 - beta)}


def batch(seed: int, *names: str) -> tuple[np.random.Generator, Inputs]:
    """A chain, steps `k` (1 and T among them) and normal arrays of the given names.

    Points and clips are float64, images float32, as in training.
    """
    rng = generator(seed)
    inputs = chain(rng)
    last = len(inputs["beta"]) - 1
    shape = SHAPES[seed % len(SHAPES)]
    middle = rng.choice(np.arange(2, last), shape[0] - 2, replace=False)
    inputs["k"] = rng.permutation(np.concatenate([[1, last], middle])).astype(np.int64)
    dtype = np.float32 if len(shape) == 4 else np.float64
    for name in names:
        inputs[name] = rng.standard_normal(shape).astype(dtype)
    return rng, inputs


def column(values: Array, like: Array) -> Array:
    """(B,) -> (B, 1, .., 1) in float64, to multiply `like`. For oracles."""
    return np.asarray(values, float).reshape(-1, *[1] * (like.ndim - 1))


def must_equal(got: Array, want: Array, sentence: str) -> str | None:
    """The sentence when two arrays differ, in the shape of an oracle's answer."""
    single = got.dtype == np.float32
    rtol, atol = (2e-4, 5e-5) if single else (1e-6, 1e-7)
    fits = got.shape == want.shape and np.allclose(got, want, rtol=rtol, atol=atol)
    return None if fits else sentence


def equals(name: str, output: str, formula: Any, sentence: str) -> Oracle:
    """An oracle: outputs[output] is formula(inputs), computed without the package."""
    return Oracle(
        name,
        lambda inputs, outputs: must_equal(outputs[output], formula(inputs), sentence),
    )
