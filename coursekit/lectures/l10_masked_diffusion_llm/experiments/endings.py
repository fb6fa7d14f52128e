"""Figures 10.E and 10.G: where texts end, and which tokens come first."""

from collections.abc import Sequence

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    program_rows,
    program_tokens,
)
from coursekit.datasets.tokens import END
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.canvas import (
    NUMBER,
    after,
    empty,
    plain,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import AtRandom, ByConfidence, Rule, Unmasked, unmask
from coursekit.training.pretrained import load_model

MODEL = "programs-masked"
STEPS, MANY, BLOCK = 8, 48, 8
CANVASES = (40, CANVAS)  # the longest program needs 39; the network has places for 48
KINDS = ("end", "mark", "name", "told", "number")


def length(ids: Tensor) -> Tensor:
    """Tokens up to the first <end>, it included, L at most: (B,). ids: (B, L)."""
    ended = ((ids == END).cumsum(1) == 0).sum(1) + 1
    return ended.clamp(max=ids.shape[1])


def kind(token: int) -> str:
    """What kind of token an id of a program is.

    "end"; "mark" for a call or a comma; "name" for what stands before a value; "told"
    for a word that the caption says; "number" for what it leaves open.
    """
    if token == END:
        return "end"
    word = program_tokens().words[token]
    if word in (")", ",") or word.endswith("("):
        return "mark"
    if word.endswith("="):
        return "name"
    return "number" if plain(word) == NUMBER else "told"


def shown_at(found: Unmasked) -> Tensor:
    """In which step each place was shown: (B, L). found: with its history."""
    step = torch.zeros_like(found.ids)
    for i, frame in enumerate(found.history):
        step[frame.shown] = i
    return step


def first_quarter(found: Unmasked) -> Tensor:
    """The places that were shown in the first quarter of the steps: (B, L) bool."""
    return shown_at(found) < max(1, len(found.history) // 4)


def ways(steps: int) -> dict[str, tuple[Rule, Sequence[int], int | None]]:
    """Rule, what it holds back, and the size of its blocks, by name."""
    rounds = max(1, steps * BLOCK // CANVAS)  # of each block
    return {
        "random": (AtRandom(steps), (), None),
        "confidence": (ByConfidence(steps), (), None),
        "last": (ByConfidence(steps), (END,), None),
        "blocks": (ByConfidence(rounds), (), BLOCK),
    }


def ended(
    model: TokenTransformer, name: str, steps: int, canvas: int, count: int, seed: int
) -> Result:
    """Lengths, share right and who comes first, of one way on one canvas."""
    rows, wanted = program_rows(count, 20 + seed, "test")
    rule, last, block = ways(steps)[name]
    xt, masked = empty(count, model.config.mask_id, canvas)
    found = unmask(
        after(model, rows[:, :PROMPT]),
        *(xt, masked, rule, 1.0, torch.Generator().manual_seed(seed)),
        last=last,
        block=block,
        history=True,
    )
    texts = program_tokens().read(found.ids)
    good = [is_right(text, w) for text, w in zip(texts, wanted, strict=True)]
    true, written = length(rows[:, PROMPT:]).double(), length(found.ids).double()
    early = first_quarter(found)
    return {
        "longer": float((written - true).mean()),
        "off": float((written != true).double().mean()),
        "right": sum(good) / count,
        "early_end": float((found.ids[early] == END).double().mean()),
        "end": float((found.ids == END).double().mean()),
        "wasted": float(1 - written.mean() / canvas),
        "passes": float(found.passes),
    }


def measure(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.E.

    Keys: for each way (`ways`), number of steps and canvas, as in
    `confidence_8_48_longer`: `longer`, tokens written minus true ones; `off`, the share
    with another length; `right`; `end`, the share of <end> on the canvas, and
    `early_end`, that among what the first quarter of the steps shows; `wasted`, the
    share of the canvas behind the text; `passes`. `canvases`, `step_counts`, `count`.
    """
    count, steps = (8, (2,)) if quick else (64, (STEPS, MANY))
    model = load_model(MODEL)
    assert isinstance(model, TokenTransformer)

    def one(seed: int) -> Result:
        row: Result = {}
        for many in steps:
            for canvas in CANVASES:
                for name in ways(many):
                    found = ended(model, name, many, canvas, count, seed)
                    row |= prefixed(f"{name}_{many}_{canvas}", found)
        return row

    settings = {"count": count, "canvases": list(CANVASES), "step_counts": list(steps)}
    return settings | for_seeds(one, seeds[:1] if quick else seeds)


def order(model: TokenTransformer, count: int, last: bool, seed: int) -> Result:
    """When each kind of token is shown, one a pass by confidence: 0 first, 1 last.

    Also `left`, how that goes along with the place (rank correlation).
    """
    rows, _ = program_rows(count, 30 + seed, "test")
    xt, masked = empty(count, model.config.mask_id)
    found = unmask(
        after(model, rows[:, :PROMPT]),
        *(xt, masked, ByConfidence(CANVAS), 1.0, torch.Generator().manual_seed(seed)),
        last=(END,) if last else (),
        history=True,
    )
    when = shown_at(found).double() / (CANVAS - 1)
    kinds = [[kind(token) for token in row] for row in found.ids.tolist()]
    flat = torch.tensor([KINDS.index(each) for row in kinds for each in row])
    row: Result = {
        name: float(when.flatten()[flat == i].mean()) for i, name in enumerate(KINDS)
    }
    places = torch.arange(CANVAS).double().expand(count, -1)
    body = (flat != 0).reshape(count, CANVAS)
    both = torch.stack([when[body], places[body]])
    return row | {"left": float(torch.corrcoef(both)[0, 1])}


def measure_order(seeds: tuple[int, ...] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.G.

    Keys: for each kind of token when it is shown, 0 (first pass) to 1 (last), as in
    `plain_number`, and `plain_left`, the correlation of place and time among tokens
    that are no <end>; `last_...` the same with <end> held back; `count` prompts a seed.
    """
    count = 4 if quick else 64
    model = load_model(MODEL)
    assert isinstance(model, TokenTransformer)

    def one(seed: int) -> Result:
        return prefixed("plain", order(model, count, False, seed)) | prefixed(
            "last", order(model, count, True, seed)
        )

    return {"count": count} | for_seeds(one, seeds[:1] if quick else seeds)
