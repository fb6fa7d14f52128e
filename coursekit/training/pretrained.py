"""The trained networks that travel with the course: `load_model(name)`, `card(name)`.

A checkpoint is a folder with the averaged weights in bf16 (`coursekit.weights` has the
file), card.json (what was done and measured) and samples.webp. The card holds the
SHA-256 of the weights.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load

from coursekit.course_folder import COURSE
from coursekit.training.card_figures import figure_lines
from coursekit.training.checkpoints import CheckpointError
from coursekit.training.networks import build, from_plain
from coursekit.training.objectives import make_objective
from coursekit.weights import DamagedWeights, read_weights

FOLDER = COURSE / "data" / "checkpoints"
CARD, SAMPLES = "card.json", "samples.webp"


def card(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The card of the checkpoint of recipe `name`.

    Raises CheckpointError when there is none, or when it cannot be read.
    """
    parent = folder or FOLDER
    path = parent / name / CARD
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        there = ", ".join(sorted(each.parent.name for each in parent.glob(f"*/{CARD}")))
        known = f"; there are {there}" if there else ""
        raise CheckpointError(
            f"no checkpoint {name!r} in {parent}{known}: make it with "
            f"`coursekit train {name} --profile cpu --publish`"
        ) from None
    except ValueError:
        raise CheckpointError(f"{path} is damaged: {restore_line(name)}") from None
    return content


def load_model(
    name: str, clip: bool = True, folder: Path | None = None
) -> torch.nn.Module:
    """The trained network of recipe `name`, in float32 and eval mode, on the CPU.

    So it is whatever torch's default dtype and device are.

    It takes (xt, t) and predicts what its card says: "eps", with t = k / T, or
    "velocity". With `clip` an estimate of noise never implies pixels outside [-1, 1]
    (models.clip_denoised): leave it on for sampling.
    Raises CheckpointError when the files are missing, cut off or not those of the card.
    """
    info = card(name, folder)
    place = (folder or FOLDER) / name
    try:
        content = read_weights(place, info)
    except OSError:
        text = f"no weights in {place}: {restore_line(name)}"
        raise CheckpointError(text) from None
    except DamagedWeights as error:
        raise CheckpointError(f"{place}: {error}: {restore_line(name)}") from None
    try:
        with usual_defaults():
            return _assembled(info, load(content), clip)
    except (RuntimeError, SafetensorError):
        raise CheckpointError(
            f"the weights in {place} do not fit the network their card describes: "
            f"{restore_line(name)}"
        ) from None


def _assembled(
    info: dict[str, Any], weights: dict[str, torch.Tensor], clip: bool
) -> torch.nn.Module:
    """The network of a card with its weights."""
    model, objective = build(from_plain(info["model"])), None
    if "path" in info:  # a network that samples; others only encode or judge
        learnt = (info[key] for key in ("path", "predicts", "schedule", "num_steps"))
        objective = make_objective(*learnt)
        model = objective.network(model)
    model.load_state_dict({k: v.float() for k, v in weights.items()})
    model.eval().requires_grad_(False)
    return objective.estimator(model).eval() if objective and clip else model


@contextmanager
def usual_defaults() -> Iterator[None]:
    """New tensors in float32 on the CPU, whatever a notebook has set."""
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        with torch.device("cpu"):
            yield
    finally:
        torch.set_default_dtype(dtype)


def restore_line(name: str) -> str:
    """How to get a checkpoint's files back."""
    return (
        f"restore it with `git checkout -- data/checkpoints/{name}`, or train it with "
        f"`coursekit train {name} --profile cpu --publish`"
    )


def summary(name: str) -> str:
    """One line about a checkpoint: how it was made and how good it is."""
    info = card(name)
    made = (
        f"{name}: profile {info['profile']}, {info['parameters'] / 1e6:.2f} M weights, "
        f"{info['samples_seen']:,} examples seen in {info['seconds'] / 60:.0f} min on "
        f"{info['device']} ({info['threads']} thread{'s' * (info['threads'] > 1)}), "
        f"loss {info['loss']:.4f}"
    )
    return "; ".join([made, *figure_lines(info["evaluation"])])
