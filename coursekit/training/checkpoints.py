"""The checkpoints of a run in progress: saved whole, checked when read.

A file is a line with the format, a line with the SHA-256 of the rest, and the state as
`torch.save` packs it. The last two are kept; when the newest cannot be read, the one
before it serves, and the steps in between are simply done again.
"""

import hashlib
import io
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from coursekit.files import write_atomic
from coursekit.training.loop import Run, learning_rate
from coursekit.training.recipe import PROFILES, Profile, Recipe

MAGIC = b"coursekit run 2\n"
LAST, PREVIOUS = "last.ckpt", "previous.ckpt"


class CheckpointError(RuntimeError):
    """A checkpoint cannot be used; the message says what to do."""


def run_state(run: Run, data: str, threads: int) -> dict[str, Any]:
    """Everything that `run` needs to go on. There is no generator state to keep:
    batch and noise follow from the seed and the number of the step.

    Raises TrainingDiverged where a loss nobody has looked at yet is no number.
    """
    run.settle()
    return {
        "profile": asdict(run.profile),
        "recipe": recipe_values(run.recipe),
        "seed": run.recipe.seed,
        "data": data,
        "threads": threads,
        "precision": run.precision,
        "step": run.step,
        "seconds": run.seconds,
        "curve": run.curve,
        "model": run.model.state_dict(),
        "ema": run.ema.state_dict(),
        "optimiser": run.optimiser.state_dict(),
    }


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """What a recipe fixes for training beside its profiles, as plain values."""
    others = {"name", "title", "scale", *PROFILES}  # scale: of previews and figures
    return {k: v for k, v in asdict(recipe).items() if k not in others}


def save_run(folder: Path, state: dict[str, Any]) -> None:
    """Save a `run_state` as the newest checkpoint; the one before it is kept.

    Raises OutOfSpace; the checkpoints that were there are then untouched.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    payload = buffer.getvalue()
    digest = hashlib.sha256(payload).hexdigest().encode()
    last, fresh = folder / LAST, folder / "fresh.ckpt"
    write_atomic(fresh, MAGIC + digest + b"\n" + payload)
    # Killed between the two renames, `previous` is there and `last` is not: no harm.
    if last.exists():
        os.replace(last, folder / PREVIOUS)
    os.replace(fresh, last)


def read_state(path: Path) -> dict[str, Any]:
    """The state in one checkpoint file; CheckpointError when it is not whole."""
    content = path.read_bytes()
    digest, _, payload = content[len(MAGIC) :].partition(b"\n")
    if content[: len(MAGIC)] != MAGIC:
        raise CheckpointError(f"{path} is not a checkpoint of coursekit")
    if hashlib.sha256(payload).hexdigest().encode() != digest:
        raise CheckpointError(f"{path} is damaged or cut off")
    state: dict[str, Any] = torch.load(
        io.BytesIO(payload), map_location="cpu", weights_only=True
    )
    return state


def find_state(folder: Path) -> tuple[dict[str, Any] | None, str]:
    """The newest usable state in a run's folder and a line about what was wrong.

    (None, "") when there is none. Raises CheckpointError when files are there and none
    of them can be used.
    """
    problems = []
    for name in (LAST, PREVIOUS):
        if (folder / name).exists():
            try:
                state = read_state(folder / name)
            except CheckpointError as error:
                problems.append(str(error))
                continue
            note = f"{problems[0]}: going on from {name}" if problems else ""
            return state, note
    if problems:
        raise CheckpointError(
            f"{problems[0]}, and there is no other: start again with --fresh"
        )
    return None, ""


def _is_longer(profile: Profile, state: dict[str, Any]) -> bool:
    """Whether the steps of a saved state are also the first steps of `profile`."""
    length = {"restarts": (), **state["profile"]}
    before = replace(profile, steps=length["steps"], restarts=length["restarts"])
    return profile.steps >= before.steps and all(
        learning_rate(profile, step) == learning_rate(before, step)
        for step in range(state["step"])
    )


def restore(run: Run, state: dict[str, Any], data: str, folder: Path) -> None:
    """Put a saved state into a new Run of the same recipe and profile.

    A longer profile goes on with a shorter one's state if its learning rates up to that
    step are the same (restarts): the whole is then what the longer one does anyway.
    Raises CheckpointError when the state belongs to other settings or other data.
    """
    state = {**state, "profile": {"compile": False, "muon": 0.0, **state["profile"]}}
    values = recipe_values(run.recipe)
    # What older states do not say of their recipe is taken to be the same.
    recipe = {**values, **state.get("recipe", {}), "seed": state["seed"]}
    wanted = {**values, **asdict(run.profile), "data": data}
    found = {**recipe, **state["profile"], "data": state["data"]}
    if _is_longer(run.profile, state):
        for key in ("steps", "restarts"):
            found[key] = wanted[key]
    changed = [
        f"{key} was {found.get(key)}, is {wanted[key]}"
        for key in wanted
        if found.get(key) != wanted[key]
    ]
    if changed:
        raise CheckpointError(
            f"{folder} holds a run with other settings ({'; '.join(changed)}): "
            "start again with --fresh, or use another --out"
        )
    run.model.load_state_dict(state["model"])
    run.ema.load_state_dict(state["ema"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.seconds = state["step"], state["seconds"]
    run.curve = [(int(place), float(mean)) for place, mean in state["curve"]]
