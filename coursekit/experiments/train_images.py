"""Train a picture network inside an experiment: kept, resumed, never done twice."""

import time
from pathlib import Path

import torch
from torch import nn

from coursekit.training.checkpoints import find_state, restore, run_state, save_run
from coursekit.training.ema import Ema
from coursekit.training.loop import Run, train
from coursekit.training.recipe import Data, Profile, Recipe

SAVE_SECONDS = 60.0


def trained(
    folder: Path,
    recipe: Recipe,
    profile: Profile,
    data: Data,
    start: nn.Module | None = None,
) -> nn.Module:
    """The averaged network of a run that lives in `folder`, trained to its end.

    data: what `recipe.load` gives, perhaps with the noise of each picture (a run with
    another line about its data, or another profile, is refused). start: a network to
    copy the first weights from. Ctrl-C keeps what was done; the next call goes on.
    """
    from tqdm.auto import tqdm

    run = Run(recipe, profile, data)
    state, _ = find_state(folder)
    if state is not None:
        restore(run, state, data.text, folder)
    elif start is not None:
        run.model.load_state_dict(start.state_dict())
        run.ema = Ema(run.model, profile.ema)
    threads, saved, last = torch.get_num_threads(), run.step, time.monotonic()

    def save() -> None:
        save_run(folder, run_state(run, data.text, threads))

    with tqdm(total=profile.steps, initial=run.step, desc=folder.name) as bar:
        try:
            for step in train(run):
                bar.update()
                if time.monotonic() - last > SAVE_SECONDS:
                    save()
                    saved, last = step.number, time.monotonic()
        finally:
            if saved < run.step:
                save()
    return run.ema.copy_of().requires_grad_(False)


def loss_curve(folder: Path) -> list[tuple[int, float]]:
    """The training loss of the run in `folder`: (step, mean since the one before)."""
    state, _ = find_state(folder)
    assert state is not None
    return [(int(step), float(loss)) for step, loss in state["curve"]]
