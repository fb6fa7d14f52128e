"""A planner at work: pictures and wishes in, plans out, token by token."""

from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.golden_edits import Golden
from coursekit.datasets.images import to_model
from coursekit.datasets.letter_grams import encoded
from coursekit.datasets.plan_tokens import (
    END,
    IDS,
    LENGTH,
    START,
    TOKENS,
    next_allowed,
    read_words,
)
from coursekit.editing.operations import COLOUR
from coursekit.editing.plan import Plan
from coursekit.models.edit_planner import EditPlanner


@torch.inference_mode()
def written(
    net: EditPlanner,
    pictures: NDArray[np.uint8],
    wishes: Sequence[str],
    names: Collection[str] | None = COLOUR,
) -> list[list[str]]:
    """The likeliest tokens, one after the other, up to <end>.

    pictures: (N, 32, 32, 3); names: the allow-list that every token has to keep to;
    None: any token may come anywhere. Raises TooLong for a wish of too many words.
    """
    if not wishes:
        return []
    pieces = torch.from_numpy(encoded(wishes)).long()
    x = to_model(np.ascontiguousarray(pictures))
    rows = [[START] for _ in wishes]
    for _ in range(1, LENGTH):
        ids = torch.tensor([[IDS[word] for word in row] for row in rows])
        logits = net(x, pieces, ids)[:, -1]
        if names is not None:
            masks = [next_allowed(row, names) for row in rows]
            logits = only(logits, torch.stack(masks))
        for row, best in zip(rows, logits.argmax(1).tolist(), strict=True):
            row.append(TOKENS[best])
    return [row[: row.index(END) + 1] if END in row else row for row in rows]


def only(logits: Tensor, allowed: Tensor) -> Tensor:
    """Logits with nothing left for what is not allowed: softmax gives it no chance."""
    return logits.masked_fill(~allowed, float("-inf"))


def plans_of(
    net: EditPlanner,
    pictures: NDArray[np.uint8],
    wishes: Sequence[str],
    names: Collection[str] = COLOUR,
) -> list[Plan | None]:
    """The plans that `written` gives within the grammar; None where it refuses."""
    return [read_words(row) for row in written(net, pictures, wishes, names)]


def parameter_errors(
    made: Sequence[Plan | None], golden: Sequence[Golden]
) -> dict[str, float]:
    """How far plans are from the golden ones, of wishes that can be granted.

    `operations`: the share of plans with exactly the right operations in their order;
    of these `amount`: the mean distance of numbers in percent points, `stops` in stops.
    `refused`: the share of what should be refused and was; `granted`: of what should
    not and was not.
    """
    same, off = [], {"amount": [0.0], "stops": [0.0]}
    refused, granted = [], []
    for plan, (_, _, right) in zip(made, golden, strict=True):
        if right is None:
            refused.append(plan is None)
            continue
        granted.append(plan is not None)
        same.append([s.do for s in plan or ()] == [s.do for s in right])
        if same[-1] and plan:
            for mine, theirs in zip(plan, right, strict=True):
                for knob, value in mine.values.items():
                    off[knob].append(abs(value - theirs.values[knob]))
    means = {k: sum(v) / max(1, len(v) - 1) for k, v in off.items()}
    shares = {"operations": same, "refused": refused, "granted": granted}
    return means | {k: sum(v) / max(1, len(v)) for k, v in shares.items()}
