"""What the exercises of lecture 5 share: numbers, refusals, small blocks."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from coursekit.checks.spec import BadResult, Inputs
from coursekit.checks.tensors import Array, array, tensor


def number(value: Any) -> Array:
    """A plain number as an array. Raises BadResult, in words, for anything else."""
    if isinstance(value, int | float | np.integer | np.floating):
        return np.asarray(float(value))
    found = array(value)
    if found.size != 1:
        raise BadResult(f"it returns a tensor of shape {found.shape}, not one number")
    return np.asarray(float(found.reshape(())))


def refusal(call: Callable[[], Any]) -> Array:
    """1 when the call raises ValueError, 0.5 for another error, 0 for none."""
    try:
        call()
    except ValueError:
        return np.asarray(1.0)
    except NotImplementedError:
        raise
    except Exception:
        return np.asarray(0.5)
    return np.asarray(0.0)


def built(network: Any, shape: Mapping[str, Any], inputs: Inputs) -> Any:
    """network(**shape) in float64, with the `weight NAME` arrays of the inputs."""
    model = network(**shape)
    if not isinstance(model, nn.Module):
        raise BadResult("it is not a network: keep the class as it was handed out")
    model.double()
    state = model.state_dict()
    model.load_state_dict({name: tensor(inputs[f"weight {name}"]) for name in state})
    return model
