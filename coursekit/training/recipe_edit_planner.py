"""The recipe of notebook 8b's planner: from a picture and a wish to a plan."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from coursekit.datasets.golden_edits import as_arrays, golden_edits
from coursekit.datasets.images import to_model
from coursekit.datasets.letter_grams import BUCKETS, PIECES, WORDS
from coursekit.datasets.plan_tokens import IDS, LENGTH, PAD, TOKENS
from coursekit.editing.executor import run_step
from coursekit.evaluation.edit_planning import parameter_errors, plans_of
from coursekit.evaluation.edit_wishes import clearly_off, wishes_table
from coursekit.evaluation.sampling import image_grid
from coursekit.models.edit_planner import EditPlanner, PlannerConfig
from coursekit.theory.answer_loss import answer_loss
from coursekit.training.data import batch_indices
from coursekit.training.networks import build
from coursekit.training.recipe import Batch, Data, Profile, Recipe

USUAL, WORDINGS = 24_000, 4  # golden edits, wishes about each picture
PLANNER = PlannerConfig(len(TOKENS), LENGTH, BUCKETS, WORDS)
SHOWN = (
    "make it black and white", "brighter please", "more vivid colours", "fix the light"
)  # fmt: skip


@dataclass(frozen=True)
class PlannerRecipe(Recipe):
    """Learn the plans of golden edits, token by token; wishes and pictures are read."""

    mantissa: ClassVar[int] = 4
    seed: int = 0

    def load(self, limit: int) -> Data:
        """Pictures, and beside each its wish and its plan as one row of numbers."""
        golden = golden_edits(limit or USUAL, wordings=WORDINGS)
        text = f"{len(golden)} golden edits of teddy pictures whose light is off"
        return data_of(golden, text)

    def build(self, config: Any) -> nn.Module:
        """The network as it is."""
        return build(config)

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """Pictures, the pieces of the wishes, and the plans."""
        assert data.cond is not None
        chosen = batch_indices(len(data.x), size, self.seed, step)
        rows = data.cond[chosen].long()
        pieces = rows[:, :-LENGTH].reshape(size, WORDS, PIECES)
        return to_model(data.x[chosen]), pieces, rows[:, -LENGTH:]

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Nats a token of the plans."""
        x, pieces, ids = batch
        return answer_loss(model(x, pieces, ids), ids, ids != IDS[PAD])

    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """Rows: pictures, then what it makes of them for each of SHOWN."""
        pictures, _ = clearly_off(12 if large else 6, 1)
        rows = [pictures]
        for wish in SHOWN:
            plans = plans_of(cast(EditPlanner, model), pictures, [wish] * len(pictures))
            made = []
            for image, plan in zip(pictures, plans, strict=True):
                for step in plan or ():
                    image = run_step(image, step)
                made.append(image)
            rows.append(np.stack(made))
        return image_grid(np.concatenate(rows), columns=len(pictures))

    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """On held-out golden edits, and on the wishes in free words."""
        net = cast(EditPlanner, model)
        golden = golden_edits(100 if quick else 1000, 11, "test")
        pictures = np.stack([each.picture for each in golden])
        made = plans_of(net, pictures, [each.wish for each in golden])
        table = wishes_table(lambda x, wishes: plans_of(net, x, wishes))
        right = {kind: c["right"] / c.total() for kind, c in table.items()}
        return {"golden": parameter_errors(made, golden), "free_wishes": right}

    def facts(self) -> dict[str, Any]:
        """What it writes."""
        return {"writes": "plans of colour operations", "refused": 0.2}


def data_of(golden: Any, text: str) -> Data:
    """Golden edits as the data of a run."""
    pictures, wishes, plans = as_arrays(golden)
    cond = np.concatenate([wishes.reshape(len(wishes), -1), plans], axis=1)
    return Data(torch.from_numpy(pictures), text, torch.from_numpy(cond))


QUICK = Profile(
    PLANNER,
    steps=400,
    batch=32,
    lr=3e-3,
    muon=0.02,
    warmup=50,
    ema=0.98,
    pictures=3000,
    show_every=400,
)
CPU = Profile(
    PLANNER,
    steps=4500,
    batch=32,
    lr=3e-3,
    muon=0.02,
    warmup=200,
    ema=0.998,
    save_every=500,
    show_every=100_000,
)
GPU = Profile(
    PlannerConfig(len(TOKENS), LENGTH, BUCKETS, WORDS, 192, 6, 6),
    steps=20_000,
    batch=512,
    lr=1e-3,
    muon=0.01,
    ema=0.999,
    pictures=200_000,
    bf16=True,
    compile=True,
    save_every=1000,
)
EDIT_PLANNER = PlannerRecipe(
    name="edit-planner",
    title="Vision-language model that turns a wish into a plan of exact edits",
    data="golden-edits",
    quick=QUICK,
    cpu=CPU,
    gpu=GPU,
)
EDITS: tuple[Recipe, ...] = (EDIT_PLANNER,)
