"""From a finished run to a checkpoint of the course: weights, card, samples."""

import contextlib
import hashlib
import json
import platform
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from coursekit import __version__
from coursekit.course_folder import COURSE
from coursekit.evaluation.sampling import webp_bytes
from coursekit.files import write_atomic
from coursekit.training import pretrained
from coursekit.training.card_figures import figure_lines
from coursekit.training.networks import to_plain
from coursekit.training.session import Session
from coursekit.training.warm_start import taken_share
from coursekit.weights import MAX_BYTES, write_weights

Figures = dict[str, Any]


class TooLarge(ValueError):
    """More weights than ship in one file; the message says so in one line."""


def report(session: Session, publish: bool) -> None:
    """Measure the samples, print the figures, and publish if asked."""
    figures = evaluate_run(session)
    print(short_figures(figures))
    if publish:
        print(publish_run(session, figures))


def evaluate_run(session: Session) -> Figures:
    """Measure the run's averaged network as it will be published, rounded to bf16.

    The figures are kept in the run's folder, and read back only if what they were
    measured on and with is the same.
    """
    path = session.folder / "evaluation.json"
    model = published_form(session)
    measured = what_was_measured(session, model)
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["measured"] == measured:
            found: Figures = kept["figures"]
            return found
    figures = session.recipe.measure(model, session.profile_name == "quick")
    content = {"measured": measured, "figures": figures}
    write_atomic(path, json.dumps(content, indent=1))
    return figures


def what_was_measured(session: Session, model: torch.nn.Module) -> str:
    """A SHA-256 of the weights, their judges, the data, and how much is measured."""
    judges = [pretrained.card(name)["sha256"] for name in session.recipe.judges()]
    told = [session.profile_name == "quick", session.data, judges, __version__]
    whole = hashlib.sha256(json.dumps(told).encode())
    for name, value in sorted(model.state_dict().items()):
        whole.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        whole.update(value.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return whole.hexdigest()


def published_form(session: Session) -> torch.nn.Module:
    """What ships of the run, its numbers rounded as the file holds them."""
    model = session.run.averaged().cpu()
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(rounded(value, session.recipe.mantissa).bfloat16().float())
    return model


def rounded(x: Tensor, bits: int) -> Tensor:
    """Floats with `bits` bits behind the leading one, to nearest; bf16 has 7.

    A number moves by 2^-(bits + 1) of itself at most. What is cut off packs to nothing.
    """
    mantissa, exponent = torch.frexp(x)
    return torch.ldexp((mantissa * 2 ** (bits + 1)).round(), exponent - bits - 1)


def short_figures(figures: Figures) -> str:
    """The figures in one line."""
    return "; ".join(figure_lines(figures))


def publish_run(session: Session, figures: Figures, folder: Path | None = None) -> str:
    """Write the three files of the checkpoint; returns one line that says where.

    Raises OutOfSpace; TooLarge when the weights are over 16 MB.
    """
    run, recipe = session.run, session.recipe
    model = published_form(session)
    content = save(
        {k: v.bfloat16().contiguous() for k, v in model.state_dict().items()}
    )
    if len(content) > MAX_BYTES:
        raise TooLarge(
            f"{recipe.name} has {len(content) / 2**20:.1f} MB of weights, and at most "
            f"{MAX_BYTES / 2**20:.0f} ship: take a smaller network"
        )
    card: dict[str, Any] = {
        "recipe": recipe.name,
        "title": recipe.title,
        "profile": session.profile_name,
        "data": session.data,
        **recipe.facts(),
        "model": to_plain(run.profile.model),
        "parameters": sum(p.numel() for p in model.parameters()),
        "training": {k: v for k, v in asdict(run.profile).items() if k != "model"},
        "mantissa": recipe.mantissa,
        "seed": recipe.seed,
        "steps": run.step,
        "inherited": round(taken_share(recipe, run.profile.model), 4),
        "samples_seen": run.step * run.profile.batch,
        "seconds": round(run.seconds),
        "device": device_name(run.device),
        "threads": session.threads,
        "precision": run.precision,
        "processes": session.world.size,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "commit": commit(),
        "loss": round(run.curve[-1][1], 5),
        "loss_curve": [[step, round(mean, 5)] for step, mean in run.curve],
        "evaluation": figures,
    }
    target = (folder or pretrained.FOLDER) / recipe.name
    # A preview shows every pixel twice each way; a file need not.
    sheet = webp_bytes(recipe.preview(model, large=True)[::2, ::2])
    write_atomic(target / pretrained.SAMPLES, sheet)
    card |= write_weights(target, content)
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    write_atomic(target / pretrained.CARD, text.encode())
    return f"published in {target}"


def device_name(device: str) -> str:
    """A name for the card: the GPU's, or "CPU" with its kind."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"CPU ({platform.machine()}, {torch.backends.cpu.get_cpu_capability()})"


def commit() -> str:
    """The commit of the source tree, with "+" when it has changes; "" outside git."""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"],
            cwd=COURSE,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "--", "coursekit"],
            cwd=COURSE,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if dirty else "")
