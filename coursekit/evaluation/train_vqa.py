"""Train the network that answers questions: python -m coursekit.evaluation.train_vqa

Writes weights and card of data/readers/vqa at the end, by renaming finished files,
so a stopped run leaves the old network untouched.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from coursekit.datasets.images import to_uint8
from coursekit.datasets.teddy.captions import Words
from coursekit.datasets.teddy.questions import ANSWERS, Question, answer
from coursekit.datasets.teddy.reader_card import best_temperature, finish_measured
from coursekit.datasets.teddy.reader_command import reader_parser, run_command
from coursekit.datasets.teddy.reader_data import IGNORE, blur, noisy
from coursekit.datasets.teddy.reader_loop import fit, last, run_facts
from coursekit.datasets.teddy.scene_card import true_words
from coursekit.datasets.teddy.scene_data import Drawn, corrupt, fresh, soften
from coursekit.datasets.teddy.scene_reader import small
from coursekit.evaluation.tifa import by_reader
from coursekit.evaluation.vqa import (
    VQA,
    WIDTH,
    answers,
    load_vqa,
    raw_answers,
)
from coursekit.evaluation.vqa_data import (
    POOL,
    SHORT,
    SMALL,
    TURNS,
    WORDS,
    Asked,
    about_all,
    ask,
    batches,
    indices,
)

SEED = 8807
STEPS, BATCH, LEARNING_RATE = 3600, 64, 3e-3
HEAD = 1.0  # weight of the head's loss


class Learner(nn.Module):
    """The network, and a head that is thrown away: it reads each bear where it stands.

    Without it the network learns to look much later than to guess.
    """

    def __init__(self) -> None:
        """Fresh weights from torch's global generator."""
        super().__init__()
        self.vqa = VQA()
        self.head = nn.Linear(WIDTH, len(Words._fields) * len(ANSWERS))

    def loss(self, batch: Asked, half: bool = False) -> Tensor:
        """Mean cross-entropy of answers, and of the head's. half: multiply in bf16."""
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            columns = self.vqa.columns(last(batch.x))
            logits = [self.vqa(columns[: len(i)], i).flatten(0, 1) for i in batch.ids]
            row, column, words = batch.looks
            told = self.head(columns[row, column])
        target = torch.cat([answers.flatten() for answers in batch.answers])
        found = F.cross_entropy(torch.cat(logits), target, ignore_index=IGNORE)
        told = told.float().reshape(len(words), -1, len(ANSWERS)).transpose(1, 2)
        return found + HEAD * F.cross_entropy(told, words)


def train(
    steps: int, half: bool = False, quiet: bool = False
) -> tuple[VQA, dict[str, object]]:
    """Train from scratch; returns the network in eval mode and facts for its card."""
    torch.manual_seed(SEED)
    net = Learner().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    curve, seconds = fit(
        net,
        lambda batch: net.loss(batch, half),
        batches(SEED, BATCH),
        steps,
        LEARNING_RATE,
        quiet=quiet,
    )
    facts: dict[str, object] = {
        "reader": "vqa",
        "answers": ANSWERS,
        "recipe": {
            **{"seed": SEED, "steps": steps, "batch": BATCH},
            **{"learning_rate": LEARNING_RATE, "short": SHORT, "words": WORDS},
            **{"pool": POOL, "turns": TURNS, "small": SMALL, "head": HEAD},
            "precision": "bf16" if half else "float32",
        },
        **run_facts(net.vqa, steps * BATCH, seconds, curve),
    }
    return net.vqa.eval(), facts


def measured(
    x: Tensor, drawn: Drawn, asked: list[list[Question]], folder: Path
) -> dict[str, Any]:
    """By what is asked: the share of right answers, of the network and of the reader.

    "caption": whether the picture shows a whole description of it.
    """
    images = to_uint8(x)
    found = zip(
        true_answers(drawn, asked),
        answers(images, asked, folder),
        by_reader(images, asked),
        asked,
        strict=True,
    )
    rows: dict[str, list[tuple[bool, bool]]] = {}
    for table in found:
        for number, (true, ours, theirs, q) in enumerate(zip(*table, strict=True)):
            if true:
                kind = "caption" if number == SHORT else q.asks
                rows.setdefault(kind, []).append((ours == true, theirs == true))
    result = {}
    for kind in sorted(rows):
        right, reader = np.mean(rows[kind], axis=0).round(5).tolist()
        result[kind] = {"asked": len(rows[kind]), "right": right, "reader": reader}
    return result


def true_answers(drawn: Drawn, asked: list[list[Question]]) -> list[list[str]]:
    """What the scenes answer, "" where nothing is right."""
    return [
        [answer(q, scene.place, true_words(scene)) for q in questions]
        for scene, questions in zip(drawn.scenes, asked, strict=True)
    ]


def new_questions(n: int, seed: int) -> tuple[Drawn, list[list[Question]]]:
    """n pictures that no training contains, and what is asked about each."""
    luck = np.random.Generator(np.random.PCG64(seed))
    drawn = fresh(n, luck, special=0)
    seen = [(scene.place, true_words(scene)) for scene in drawn.scenes]
    return drawn, [
        [*(ask(*one, luck) for _ in range(SHORT)), about_all(*one, luck, 1)]
        for one in seen
    ]


def calibrate(net: VQA, n: int) -> dict[str, dict[str, float]]:
    """The temperature of the best chances on pictures, nine of ten corrupted."""
    drawn, questions = new_questions(n, SEED + 1)
    x, _ = corrupt(drawn.x, 0.9, torch.Generator().manual_seed(SEED))
    logits = raw_answers(net, x.clamp(-1, 1), questions)
    words = [word for row in true_answers(drawn, questions) for word in row]
    target = torch.tensor(indices(words))
    known = target != IGNORE
    warm = best_temperature(logits[known], target[known])
    return {"temperature": {"answer": warm}}


def report(n: int, folder: Path) -> dict[str, Any]:
    """How well the network of a folder answers, for n pictures and each corruption."""
    drawn, questions = new_questions(n, SEED + 2)
    g = torch.Generator().manual_seed(SEED + 2)
    x = drawn.x
    changed = {"clean": x, "small": small(x), "soft": soften(x, 0.8, 0.1, g)}
    changed |= {f"noise {s}": noisy(x, s, g) for s in (0.1, 0.2, 0.4)}
    changed |= {f"blur {s}": blur(x, s) for s in (0.8, 1.2, 2.0)}
    told = {k: measured(v, drawn, questions, folder) for k, v in changed.items()}
    return {"pictures": n, **told}


def finish(net: VQA, facts: dict[str, object], folder: Path, n: int) -> dict[str, Any]:
    """Round the weights to bfloat16, calibrate, save weights and card, then measure."""
    return finish_measured(
        net,
        facts,
        folder,
        lambda net: calibrate(net, n),
        lambda: report(n, folder),
        load_vqa.cache_clear,
    )


def main(argv: list[str] | None = None) -> int:
    """Train, calibrate, measure, save. Returns 0, or 2 for bad input."""
    parser = reader_parser("train_vqa", __doc__, "vqa", STEPS, 1000)
    parser.add_argument("--bf16", action="store_true", help="multiply in bf16")
    return run_command(parser, argv, lambda args: train(args.steps, args.bf16), finish)


if __name__ == "__main__":
    sys.exit(main())
