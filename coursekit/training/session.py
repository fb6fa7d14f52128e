"""One training session: a run, its folder, its progress bar, its pictures."""

import os
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from coursekit.evaluation.sampling import webp_bytes
from coursekit.files import OutOfSpace, try_folder, write_atomic
from coursekit.training.checkpoints import (
    CheckpointError,
    find_state,
    restore,
    run_state,
    save_run,
)
from coursekit.training.distributed import Alone, World
from coursekit.training.loop import Run, train
from coursekit.training.precision import choose
from coursekit.training.recipes import RECIPES

SAVE_SECONDS = 60.0  # a checkpoint at least this often


class BadRequest(ValueError):
    """The command line asks for something that cannot be; the message says what."""


@dataclass(frozen=True)
class Request:
    """What the command line asks for. judged: evaluation follows the training."""

    recipe: str
    profile: str = "quick"
    out: Path | None = None
    device: str | None = None
    threads: int | None = None
    fresh: bool = False
    resume: bool = False
    judged: bool = False
    precision: str | None = None


class Session:
    """Sets a run up from a request and carries it through."""

    def __init__(self, args: Request, world: World | None = None) -> None:
        """Check the request, find or start the run. Raises BadRequest."""
        self.world = world or Alone()
        if args.recipe not in RECIPES:
            raise BadRequest(
                f"no recipe {args.recipe!r}: use one of {', '.join(RECIPES)}"
            )
        most = max(64, os.cpu_count() or 1)
        if args.threads is not None and not 1 <= args.threads <= most:
            raise BadRequest(f"--threads {args.threads}: use 1 to {most}")
        if args.fresh and args.resume:
            raise BadRequest("--fresh and --resume contradict each other: give one")
        self.recipe = RECIPES[args.recipe]
        self.profile_name: str = args.profile
        profile = self.recipe.profile(args.profile)
        device = choose_device(args.device, args.profile)
        default = Path("runs") / f"{args.recipe}-{args.profile}"
        self.folder: Path = args.out or default
        if self.folder.exists() and not self.folder.is_dir():
            raise BadRequest(f"--out {self.folder} is a file: name a folder")

        if profile.batch % self.world.size:
            raise BadRequest(
                f"{self.world.size} processes cannot share a batch of {profile.batch}: "
                "take a number of processes that divides it"
            )

        state, note = (None, "") if args.fresh else find_state(self.folder)
        self.say(note)
        if args.resume and state is None:
            raise BadRequest(f"nothing to resume in {self.folder}: leave --resume out")
        if args.judged:
            from coursekit.training.pretrained import card

            for judge in self.recipe.judges():
                card(judge)
        try:
            try_folder(self.folder)
        except OSError as error:
            raise BadRequest(f"--out {self.folder}: {error.strerror}") from None
        self.threads = self._threads(args.threads, state["threads"] if state else None)
        data = self.recipe.load(profile.pictures)
        self.data = data.text
        # States from before there was a choice say nothing: they are float32.
        recorded = state.get("precision", "float32") if state else None
        usual = args.profile == "cpu" if device == "cpu" else profile.bf16
        precision, note = choose(args.precision, recorded, device, usual)
        self.say(note)
        self.run = Run(self.recipe, profile, data, device, self.world, precision)
        if state is not None:
            restore(self.run, state, self.data, self.folder)
        self.saved = self.run.step
        mean = float(self.world.mean(torch.tensor(float(self.run.step))))
        if self.world.any(mean != self.run.step):
            raise BadRequest(
                f"the processes found different checkpoints in {self.folder}: let all "
                "of them see the same folder"
            )

    def _threads(self, wanted: int | None, recorded: int | None) -> int:
        """Fix torch's thread count: as asked, else as recorded, else as it is."""
        threads = wanted or recorded or torch.get_num_threads()
        if recorded is not None and threads != recorded:
            self.say(
                f"this run used {recorded} threads, now {threads}: it goes on, "
                "but not bit for bit as it would have"
            )
        torch.set_num_threads(threads)
        return threads

    def say(self, line: str) -> None:
        """Print a line; of several processes the first one does."""
        if line and self.world.rank == 0:
            print(line)

    def go(self, stop: "StopRequest") -> bool:
        """Train to the end; False when stopped on request (the state is saved).

        Raises BadRequest while another run is at work in the folder.
        """
        if self.world.rank > 0:
            return self._go(stop)
        lock = FileLock(self.folder / "in-use.lock")
        try:
            with lock.acquire(timeout=0):
                return self._go(stop)
        except Timeout:
            raise BadRequest(
                f"another training is at work in {self.folder}: wait, or give --out"
            ) from None

    def _go(self, stop: "StopRequest") -> bool:
        run, profile = self.run, self.run.profile
        many = f"{self.world.size} processes with " if self.world.size > 1 else ""
        self.say(
            f"{self.recipe.title}, profile {self.profile_name}: {self.data}; "
            f"{many}{self.threads} thread{'s' * (self.threads > 1)}, {run.precision}; "
            f"{self.folder}"
        )
        bar = tqdm(
            total=profile.steps,
            initial=run.step,
            unit="step",
            dynamic_ncols=True,
            disable=self.world.rank > 0,
        )
        smooth, last_save = None, time.monotonic()
        with bar, warnings.catch_warnings():
            # Under autocast a norm's gain stays in float32, and torch tells each time.
            warnings.filterwarnings("ignore", "Mismatch dtype between input and weight")
            for step in train(run):
                smooth = (
                    step.loss if smooth is None else 0.98 * smooth + 0.02 * step.loss
                )
                rate = profile.batch * (bar.format_dict["rate"] or 0)
                bar.set_postfix_str(f"loss {smooth:.4f}, {rate:.0f} img/s", False)
                bar.update()
                due = time.monotonic() - last_save > SAVE_SECONDS
                stopping = self.world.any(stop.asked)  # all stop at the same step
                if due or stopping or step.number % profile.save_every == 0:
                    self.save()
                    last_save = time.monotonic()
                if stopping and step.number < profile.steps:
                    return False
                if step.number % profile.show_every == 0:
                    self.show()
        if self.saved < run.step:
            self.save()
        return True

    def save(self) -> None:
        """Write a checkpoint of the run; of several processes the first one does."""
        if self.world.rank == 0:
            save_run(self.folder, run_state(self.run, self.data, self.threads))
        self.saved = self.run.step

    def saved_line(self) -> str:
        """What is safe on disk and how to go on."""
        if not self.saved:
            return "Nothing was saved yet: run the same command again."
        return (
            f"Step {self.saved} of {self.run.profile.steps} is saved in {self.folder}: "
            "run the same command again to go on."
        )

    def show(self) -> None:
        """Write a sheet of samples into the folder, always from one noise."""
        if self.world.rank > 0:
            return
        sheet = webp_bytes(self.recipe.preview(self.run.averaged()))
        try:
            write_atomic(self.folder / f"samples-{self.run.step:06d}.webp", sheet)
        except OutOfSpace as error:
            tqdm.write(f"no sample grid at step {self.run.step}: {error}")


class StopRequest(Protocol):
    """Something whose `asked` turns true when training should stop."""

    asked: bool


def choose_device(wanted: str | None, profile: str) -> str:
    """ "cpu" or "cuda"; BadRequest when what is wanted is not there."""
    if wanted not in (None, "cpu", "cuda"):
        raise BadRequest(f"--device {wanted}: use cpu or cuda")
    if wanted == "cpu":
        return "cpu"
    there = torch.cuda.is_available()
    if (wanted == "cuda" or profile == "gpu") and not there:
        raise BadRequest("no CUDA device here: use --profile cpu, or add --device cpu")
    return "cuda" if wanted == "cuda" or profile == "gpu" else "cpu"


__all__ = ["BadRequest", "CheckpointError", "Session", "StopRequest"]
