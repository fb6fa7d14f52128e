"""Train a picture network inside an experiment: kept, resumed, never done twice."""

import time
from pathlib import Path

import torch
from torch import Tensor, nn

import coursekit
from coursekit.training.ema import Ema
from coursekit.training.loop import Run, train
from coursekit.training.recipes import Profile, Recipe
from coursekit.training.runs import find_state, restore, run_state, save_run

SAVE_SECONDS = 60.0
RUNS = Path(coursekit.__file__).resolve().parents[1] / "runs"


def trained(
    folder: Path,
    recipe: Recipe,
    profile: Profile,
    images: Tensor,
    data: str,
    start: nn.Module | None = None,
    noise: Tensor | None = None,
) -> nn.Module:
    """The averaged network of a run that lives in `folder`, trained to its end.

    images: what `training.data.batch_at` takes; data: a line that says which they are
    (a run with another line, or another profile, is refused). start: a network to copy
    the first weights from; noise: the noise of each picture, for couplings. Ctrl-C
    keeps what was done; the next call goes on.
    """
    from tqdm.auto import tqdm

    run = Run(recipe, profile, images, noise=noise)
    state, _ = find_state(folder)
    if state is not None:
        restore(run, state, data, folder)
    elif start is not None:
        run.model.load_state_dict(start.state_dict())
        run.ema = Ema(run.model, profile.ema)
    threads, saved, last = torch.get_num_threads(), run.step, time.monotonic()

    def save() -> None:
        save_run(folder, run_state(run, data, threads))

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
    return run.ema.copy_of(run.model).eval().requires_grad_(False)
