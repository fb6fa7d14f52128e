"""Train the reader of scenes: python -m coursekit.datasets.teddy.train_scene_reader

Writes weights and card of data/readers/scenes at the end, by renaming finished files,
so a stopped run leaves the old reader untouched.
"""

import sys

import torch
from torch import Tensor

from coursekit.datasets.teddy.reader_command import reader_parser, run_command
from coursekit.datasets.teddy.reader_loop import (
    answers_loss,
    fit,
    known_error,
    last,
    run_facts,
)
from coursekit.datasets.teddy.scene_card import finish
from coursekit.datasets.teddy.scene_data import Views, batches, glimpses
from coursekit.datasets.teddy.scene_reader import GLANCE, LOOK, SceneReader

SEED = 6203
STEPS = 3800
BATCH = 64  # pictures, with twice as many windows
LEARNING_RATE = 3e-3
# At last the first network alone sees rows with a gap: whoever draws may forget a bear.
LATE, LATE_RATE, MISSING = 240, 1e-3, 0.5
# How much each question counts; small things are learnt last.
WEIGHTS = {"hat": 2.0, "glasses": 3.0, "pose": 3.0, "action": 2.0, "valid": 2.0}


def scene_loss(net: SceneReader, batch: Views, half: bool = False) -> Tensor:
    """Of both networks, with squared errors of places. half: multiply in bf16."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        look = net.look(last(batch.windows))
    return glance_loss(net, batch, half) + answers_loss(look, batch.looks, WEIGHTS)


def glance_loss(net: SceneReader, batch: Views, half: bool = False) -> Tensor:
    """Of the network that looks at whole pictures."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        logits, where = net.glance(last(batch.x))
    answers = answers_loss(logits, batch.answers, WEIGHTS)
    return answers + 4 * known_error(4 * where, 4 * batch.places)


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
        **run_facts(net, (steps + min(LATE, steps)) * BATCH, seconds + more, curve),
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
    parser = reader_parser("train_scene_reader", __doc__, "scenes", STEPS, 3000)
    parser.add_argument("--bf16", action="store_true", help="multiply in bf16")
    return run_command(parser, argv, lambda args: train(args.steps, args.bf16), finish)


if __name__ == "__main__":
    sys.exit(main())
