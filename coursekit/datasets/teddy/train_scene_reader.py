"""Train the reader of scenes: python -m coursekit.datasets.teddy.train_scene_reader

Writes data/readers/scenes/{weights.safetensors, card.json} at the end, by renaming
finished files, so a stopped run leaves the old reader untouched.
"""

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from coursekit.datasets.teddy.reader_data import IGNORE
from coursekit.datasets.teddy.reader_loop import fit, last
from coursekit.datasets.teddy.reader_nets import reader_folder
from coursekit.datasets.teddy.scene_card import finish
from coursekit.datasets.teddy.scene_data import Views, batches, glimpses
from coursekit.datasets.teddy.scene_reader import GLANCE, LOOK, Logits, SceneReader

SEED = 6203
STEPS = 3800
BATCH = 64  # pictures, with twice as many windows
LEARNING_RATE = 3e-3
# At last the first network alone sees rows with a gap: whoever draws may forget a bear.
LATE, LATE_RATE, MISSING = 240, 1e-3, 0.5
# How much each question counts; small things are learnt last.
WEIGHTS = {"hat": 2.0, "glasses": 3.0, "pose": 3.0, "action": 2.0, "valid": 2.0}


def answers_loss(logits: Logits, answers: Tensor) -> Tensor:
    """Mean cross-entropy of the asked questions, weighted."""
    total = torch.zeros(())
    for column, (name, values) in enumerate(logits.items()):
        target = answers[:, column]
        asked = (target != IGNORE).sum().clamp(min=1)
        loss = F.cross_entropy(values, target, ignore_index=IGNORE, reduction="sum")
        total = total + WEIGHTS.get(name, 1.0) * loss / asked
    return total


def scene_loss(net: SceneReader, batch: Views, half: bool = False) -> Tensor:
    """Of both networks, with squared errors of places. half: multiply in bf16."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        look = net.look(last(batch.windows))
    return glance_loss(net, batch, half) + answers_loss(look, batch.looks)


def glance_loss(net: SceneReader, batch: Views, half: bool = False) -> Tensor:
    """Of the network that looks at whole pictures."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        logits, where = net.glance(last(batch.x))
    known = ~batch.places.isnan()
    error = (4 * (where - batch.places.nan_to_num())).square() * known
    places: Tensor = 4 * error.sum() / known.sum().clamp(min=1)
    return answers_loss(logits, batch.answers) + places


def train(
    steps: int, half: bool = False, quiet: bool = False
) -> tuple[SceneReader, dict[str, object]]:
    """Train from scratch; returns the network in eval mode and facts for its card."""
    torch.manual_seed(SEED)
    net = SceneReader().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    curve, seconds = fit(
        net,
        lambda batch: scene_loss(net, batch, half),
        batches(SEED, BATCH),
        steps,
        LEARNING_RATE,
        quiet=quiet,
    )
    late, more = sharpen(net, min(LATE, steps), half, quiet)
    facts: dict[str, object] = {
        "reader": "scenes",
        "questions": GLANCE | LOOK,
        "recipe": {
            **{"seed": SEED, "steps": steps, "batch": BATCH},
            **{"learning_rate": LEARNING_RATE, "weights": WEIGHTS},
            **{"late": LATE, "late_rate": LATE_RATE, "missing": MISSING},
            "precision": "bf16" if half else "float32",
        },
        "samples": (steps + min(LATE, steps)) * BATCH,
        "seconds": round(seconds + more, 1),
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in net.parameters()),
        "loss_curve": curve,
        "loss_curve_late": late,
    }
    return net.eval(), facts


def sharpen(
    net: SceneReader, steps: int, half: bool, quiet: bool
) -> tuple[list[float], float]:
    """Train the first network on with gaps in the rows: the curve and the seconds."""
    net.look.eval()
    return fit(
        net.glance,
        lambda batch: glance_loss(net, batch, half),
        glimpses(SEED + 1, BATCH, MISSING),
        steps,
        LATE_RATE,
        quiet=quiet,
    )


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, measure, save. Returns 0, or 2 for bad input."""
    parser = argparse.ArgumentParser(prog="train_scene_reader", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--pictures", type=int, default=3000, help="for its figures")
    parser.add_argument("--bf16", action="store_true", help="multiply in bf16")
    parser.add_argument("--threads", type=int, default=1, help="of torch, default 1")
    parser.add_argument("--out", type=Path, help="default: data/readers/scenes")
    args = parser.parse_args(argv)
    if args.steps < 1 or args.pictures < 8:
        print("train_scene_reader: use at least 1 step and 8 pictures", file=sys.stderr)
        return 2
    torch.set_num_threads(max(1, args.threads))
    net, facts = train(args.steps, args.bf16)
    finish(net, facts, args.out or reader_folder() / "scenes", args.pictures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
