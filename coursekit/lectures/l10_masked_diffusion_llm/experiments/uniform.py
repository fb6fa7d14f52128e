"""Figure 10.U: masks against random tokens, two small networks of equal steps.

Both networks are told the time as a word in the place of <start>. The one of random
tokens needs it, since nothing on its canvas says what is noise.
"""

import math

import numpy as np
import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import (
    CANVAS,
    PROMPT,
    is_right,
    program_bits,
    program_rows,
    program_tokens,
)
from coursekit.experiments.summary import Result, for_seeds, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.canvas import empty
from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)
from coursekit.theory.masked_diffusion import (
    mask_tokens,
    masked_bound,
    stratified_times,
)
from coursekit.theory.solvers import time_grid
from coursekit.theory.uniform_tokens import (
    corrupt,
    denoise_tokens,
    leave_one_out,
    random_tokens,
    uniform_bound,
)
from coursekit.theory.unmasking import Ancestral, unmask
from coursekit.training.muon import MuonAndAdamW

WORDS, CLOCK = len(program_tokens()), 64  # ids of words, then those of times
SHAPE = TokenConfig(WORDS + CLOCK, PROMPT + CANVAS, width=64, depth=2, heads=4)
BATCH, STEPS, WARM = 32, 1000, 50
PASSES = (4, 8, 16, 48)
FLOOR = 1e-3  # of the time, where a loss has 1 / t in it
KINDS = ("masks", "random")


def hour(t: Tensor) -> Tensor:
    """Which of the CLOCK times is said for t, (B,): even in logit(t).

    What a token that stands there tells depends on t by the odds, also near 0 and 1.
    """
    late = torch.logit(t, eps=FLOOR) / math.log(1 / FLOOR - 1)  # -1 to 1
    return ((late + 1) / 2 * CLOCK).long().clamp(0, CLOCK - 1)


class Told:
    """A network, and the rows' prompts with the time said first."""

    def __init__(self, model: TokenTransformer, prompt: Tensor) -> None:
        """prompt: (B, PROMPT) ids."""
        self.model, self.prompt = model, prompt
        self.mask = prompt_mask(PROMPT, PROMPT + CANVAS)

    def __call__(self, ids: Tensor, t: Tensor) -> Tensor:
        """Logits of the words for a canvas (B, CANVAS) at times (B,)."""
        prompt = self.prompt.clone()
        prompt[:, 0] = WORDS + hour(t)
        rows = torch.cat([prompt, ids], dim=1)
        logits: Tensor = self.model(rows, mask=self.mask)
        return logits[:, PROMPT:, :WORDS]


def bound(
    told: Told, kind: str, x0: Tensor, t: Tensor, generator: torch.Generator
) -> Tensor:
    """One draw of each row's bound in nats, (B,)."""
    all_of = torch.ones_like(x0, dtype=torch.bool)
    if kind == "masks":
        xt, masked = mask_tokens(x0, t, all_of, told.model.config.mask_id, generator)
        return masked_bound(told(xt, t), x0, masked, t)
    xt = corrupt(x0, t, all_of, WORDS, generator)
    logits = leave_one_out(told(xt, t), xt, t)
    return uniform_bound(logits, x0, xt, t, all_of)


def trained(kind: str, rows: Tensor, steps: int, seed: int) -> TokenTransformer:
    """A network that learnt `steps` batches of rows."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = TokenTransformer(SHAPE)
    generator = torch.Generator().manual_seed(seed)
    tuner = MuonAndAdamW(model, 2e-3, 0.02)
    rates = [group["lr"] for group in tuner.param_groups]
    for step in range(steps):
        left = min((step + 1) / WARM, 1.0, 1.5 * (1 - step / steps))
        for group, rate in zip(tuner.param_groups, rates, strict=True):
            group["lr"] = rate * left
        chosen = torch.randint(len(rows), (BATCH,), generator=generator)
        batch, t = rows[chosen], stratified_times(BATCH, generator, FLOOR)
        told = Told(model, batch[:, :PROMPT])
        loss = bound(told, kind, batch[:, PROMPT:], t, generator).sum()
        tuner.zero_grad(set_to_none=True)
        (loss / (BATCH * CANVAS)).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        tuner.step()
    return model.eval()


@torch.no_grad()
def excess(
    model: TokenTransformer, kind: str, count: int, draws: int
) -> tuple[float, float]:
    """The bound beyond the law's own bits, of held-out programs: mean and error."""
    rows, scenes = program_rows(count, 1, "test")
    told, generator = Told(model, rows[:, :PROMPT]), torch.Generator().manual_seed(1)
    total = np.zeros(count)
    for _ in range(draws):
        t = stratified_times(count, generator, FLOOR)
        total += bound(told, kind, rows[:, PROMPT:], t, generator).double().numpy()
    floor = np.array([program_bits(scene) for scene in scenes])
    bits = total / draws / math.log(2) - floor
    return float(bits.mean()), float(bits.std(ddof=1) / math.sqrt(count))


@torch.no_grad()
def written(
    model: TokenTransformer, kind: str, passes: int, prompt: Tensor, seed: int
) -> Tensor:
    """Canvases (B, CANVAS) by the ancestral sampler of each kind."""
    told, generator = Told(model, prompt), torch.Generator().manual_seed(seed)
    xt, masked = empty(len(prompt), model.config.mask_id)
    if kind == "masks":

        def predict(ids: Tensor) -> Tensor:
            hidden = (ids == model.config.mask_id).double().mean(1)  # it is the time
            return told(ids, hidden)

        return unmask(predict, xt, masked, Ancestral(passes), 1.0, generator).ids
    noise = random_tokens(tuple(xt.shape), WORDS, xt.device, generator)

    def alone(ids: Tensor, t: Tensor) -> Tensor:
        return leave_one_out(told(ids, t), ids, t)

    *_, last = denoise_tokens(alone, noise, masked, time_grid(passes), generator)
    return last


def right(
    model: TokenTransformer, kind: str, passes: int, count: int, seed: int
) -> float:
    """The share of programs without a fault."""
    rows, wanted = program_rows(count, 40 + seed, "test")
    ids = written(model, kind, passes, rows[:, :PROMPT], seed)
    texts = program_tokens().read(ids)
    return float(np.mean([is_right(a, b) for a, b in zip(texts, wanted, strict=True)]))


def measure(seeds: tuple[int, ...] = (0, 1), quick: bool = False) -> Result:
    """Everything of 10.U.

    Keys: `passes`, `steps` and `weights` of the networks; for each of "masks" and
    "random" the `excess` in bits over the law (a bound) with its `excess_error` over
    programs, and over passes `right`, the share of programs without a fault; `count`
    programs for each of the seeds, which are trainings.
    """
    steps, count, passes = (3, 8, PASSES[:1]) if quick else (STEPS, 96, PASSES)
    rows, _ = program_rows(200 if quick else 20_000, 0)
    size = sum(p.numel() for p in TokenTransformer(SHAPE).parameters())

    def one(seed: int) -> Result:
        row: Result = {}
        for kind in KINDS:
            model = trained(kind, rows, steps, seed)
            bits, error = excess(model, kind, 2 * count, 2 if quick else 16)
            found = {"excess": bits, "excess_error": error}
            found_right = [right(model, kind, n, count, seed) for n in passes]
            row |= prefixed(kind, {**found, "right": found_right})
        return row

    settings = {"passes": list(passes), "steps": steps, "count": count}
    return settings | {"weights": size} | for_seeds(one, seeds[: 1 if quick else None])
