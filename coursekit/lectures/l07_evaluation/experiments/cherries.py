"""Figure 07.G: the best of many from a bad model, and pictures that flatter a reader.

One judge picks, another one judges: a maximum over noisy marks is too high in the eyes
of whoever made it.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.captions import words_of
from coursekit.datasets.teddy.prompts import prompts
from coursekit.datasets.teddy.reader import load_reader
from coursekit.datasets.teddy.reader_nets import CHOICES, SIDE, split_outputs
from coursekit.datasets.teddy.scene import Scene
from coursekit.evaluation.judge_small import SmallJudge, reader_ask
from coursekit.evaluation.judge_verdict import Pictures
from coursekit.experiments.summary import Result, for_seeds
from coursekit.lectures.l07_evaluation.experiments.judges import marks, people
from coursekit.pipeline.contestants import contestant

WORST, BEST = "teddy-64-meanflow@4", "teddy-64-prompts"
BROKEN = "teddy-64-meanflow@1"  # nothing that it draws is as asked
COUNTS = (1, 2, 4, 8, 16)
STEPS, STEP, MOST = 60, 0.01, 0.2  # of a climb, in model space


def tries(name: str, texts: Sequence[str], times: int, seed: int) -> Pictures:
    """Pictures (times, N, H, W, 3): every prompt so many times, each its own noise."""
    pipe = contestant(name)
    drawn = pipe.draw([text for _ in range(times) for text in texts], seed)
    return drawn.reshape(times, len(texts), *drawn.shape[1:])


def picked(pictures: Pictures, texts: Sequence[str], which: str) -> np.ndarray:
    """The number (N,) of the try with the best mark of a reader, for each prompt."""
    judge = SmallJudge(reader_ask(which))
    rows = torch.stack([marks(judge, row, texts) for row in pictures])
    return np.asarray(rows.argmax(0))


def flattered(pictures: Pictures, scenes: Sequence[Scene]) -> Pictures:
    """Pictures that climb the first reader's belief in their scenes, hardly changed.

    No pixel moves by more than MOST of the range from -1 to 1.
    """
    net, _ = load_reader("first")
    target = {
        name: torch.tensor([CHOICES[name].index(_word(s, name)) for s in scenes])
        for name in (
            "place",
            "count",
            "valid",
            "fur",
            "hat",
            "glasses",
            "pose",
            "action",
        )
    }
    start = to_model(pictures)
    x = start.clone()
    for _ in range(STEPS):
        x.requires_grad_()
        logits, _ = split_outputs(net(F.interpolate(x, (SIDE, SIDE), mode="area")))
        loss = torch.stack([F.cross_entropy(logits[n], t) for n, t in target.items()])
        (slope,) = torch.autograd.grad(loss.sum(), x)
        x = (x.detach() - STEP * slope.sign()).clamp(start - MOST, start + MOST)
    return to_uint8(x)


def _word(scene: Scene, name: str) -> str:
    plain = {"place": scene.place, "count": "1", "valid": "yes"}
    return plain.get(name) or str(getattr(words_of(scene.bears[0]), name))


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 07.G.

    Keys: `counts`, `prompts`; over counts `own`, the marks that the picking judge gives
    its picks, `other`, those of another judge, `asked`, the share that people find as
    asked, and `inflated`, own - other for the last; `first_asked` and `last_asked`;
    `best_own`, `best_other`, `best_asked` of the first pictures of the best model;
    `flat_before_own`, `flat_after_own`, `..._other` and `..._asked` of the climb, all
    with _std.
    """
    count, counts = (4, COUNTS[:2]) if quick else (24, COUNTS)
    judges = {"own": SmallJudge(reader_ask("first"))}
    judges["other"] = SmallJudge(reader_ask("second"))

    def seen(
        pictures: Pictures, texts: Sequence[str], scenes: Sequence[Scene]
    ) -> Result:
        looks = {n: float(marks(j, pictures, texts).mean()) for n, j in judges.items()}
        return {
            **looks,
            "asked": float(people(pictures, scenes).as_asked.double().mean()),
        }

    def one(seed: int) -> Result:
        texts, scenes = prompts(count, "test", 800_000 + seed)
        many = tries(WORST, texts, counts[-1], seed)
        found: Result = {"own": [], "other": [], "asked": []}
        for n in counts:
            best = picked(many[:n], texts, "first")
            for key, value in seen(many[best, range(count)], texts, scenes).items():
                found[key].append(value)
        found |= {f"first_{key}": found[key][0] for key in ("own", "other", "asked")}
        found |= {f"last_{key}": found[key][-1] for key in ("own", "other", "asked")}
        best_of_all = tries(BEST, texts, 1, seed)[0]
        broken = tries(BROKEN, texts, 1, seed)[0]
        for name, pictures in {
            "best": best_of_all,
            "flat_before": broken,
            "flat_after": flattered(broken, scenes),
        }.items():
            looks = seen(pictures, texts, scenes)
            found |= {f"{name}_{key}": value for key, value in looks.items()}
        return found | {"inflated": found["last_own"] - found["last_other"]}

    settings = {"counts": list(counts), "prompts": count}
    return settings | for_seeds(one, seeds[:1] if quick else seeds)
