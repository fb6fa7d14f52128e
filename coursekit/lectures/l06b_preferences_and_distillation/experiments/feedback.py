"""Figure 06b.B: ReFL climbs a reward, Diffusion-DPO learns from pairs. At what cost?

All of a kind start from the same flow and take as many steps. The reward says what was
asked for; `judge` says what nobody asked for: whether points are still real, and
whether all clouds are still there.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from coursekit.experiments.summary import Result, columns, prefixed, sum_up
from coursekit.experiments.train_toy import descend
from coursekit.lectures.l06b_preferences_and_distillation.experiments.rewards import (
    reward,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.ring import (
    BATCH,
    STEPS,
    judge,
    points,
    walk,
)
from coursekit.lectures.l06b_preferences_and_distillation.experiments.votes import (
    EVALUATIONS,
    MINDS,
    Votes,
    learn,
    start,
    votes,
)
from coursekit.models.mlp import EpsMLP
from coursekit.theory.diffusion_dpo import dpo_loss, implicit_reward
from coursekit.theory.flow import cfm_loss
from coursekit.theory.losses import prediction_loss
from coursekit.theory.paths import LinearPath
from coursekit.theory.preferences import bradley_terry_loss
from coursekit.theory.reward_feedback import Reward, late_stop, refl_loss
from coursekit.theory.solvers import time_grid

Loss = Callable[[EpsMLP, torch.Generator], Tensor]
BETAS = (1, 3, 10, 30, 100, 1000)
PULLS = (1, 3, 10)  # weights of the reward beside ordinary training of weight 1
CERTAIN = 1e6  # multiplies the reward: votes without any doubt
VARIANTS = ("with_winners", "apart", "own", "doubtful")
LATE = 0.5  # the part of the walk in which ReFL stops
RATE = 3e-4


@dataclass(frozen=True)
class Effort:
    """How much is done: steps of DPO and of ReFL, pairs, and points that are judged."""

    base: int = STEPS
    steps: int = 800
    climb: int = 400
    pairs: int = 20_000
    drawn: int = 4000
    kept: int = 200  # points that a widget shows


def copied(model: EpsMLP) -> EpsMLP:
    """One that can be trained."""
    return copy.deepcopy(model).train().requires_grad_(True)


def ordinary(x0: Callable[[int, torch.Generator], Tensor] = points) -> Loss:
    """The loss of ordinary training, on real points unless others are given."""

    def loss(model: EpsMLP, stir: torch.Generator) -> Tensor:
        data = x0(BATCH, stir)
        eps = torch.randn(data.shape, generator=stir)
        t = torch.rand(BATCH, generator=stir)
        return cfm_loss(model, data, t, eps)

    return loss


def climb(base: EpsMLP, pleasing: Reward, steps: int = 10) -> Loss:
    """ReFL; mean and std of the reward are those of what the base draws."""
    eps = torch.randn(4000, 2, generator=torch.Generator().manual_seed(5))
    before = pleasing(walk(base, eps, EVALUATIONS))
    middle, std, ts = float(before.mean()), float(before.std()), time_grid(steps)

    def loss(model: EpsMLP, stir: torch.Generator) -> Tensor:
        eps = torch.randn(BATCH, 2, generator=stir)
        stop = late_stop(steps, LATE, stir)
        return refl_loss(model, pleasing, eps, ts, stop, middle, std)

    return loss


def compare(reference: Callable[..., Tensor], heard: Votes, beta: float) -> Loss:
    """Diffusion-DPO on batches of pairs."""

    def loss(model: EpsMLP, stir: torch.Generator) -> Tensor:
        better, worse = heard.batch(BATCH, stir)
        eps = torch.randn(better.shape, generator=stir)
        t = torch.rand(BATCH, generator=stir)
        return dpo_loss(model, reference, better, worse, t, eps, beta)[0]

    return loss


def apart(reference: EpsMLP, heard: Votes, beta: float) -> Loss:
    """The same with noise of its own for each side of a pair."""

    def loss(model: EpsMLP, stir: torch.Generator) -> Tensor:
        sides, t = heard.batch(BATCH, stir), torch.rand(BATCH, generator=stir)
        rewards = [
            implicit_reward(
                model, reference, x0, t, torch.randn(x0.shape, generator=stir), beta
            )
            for x0 in sides
        ]
        return bradley_terry_loss(*rewards)

    return loss


def both(first: Loss, second: Loss, weight: float) -> Loss:
    """weight * first + second, each on rows of its own."""
    return lambda model, stir: weight * first(model, stir) + second(model, stir)


def errors(model: EpsMLP, heard: Votes, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The errors about winners and losers, under the same times and noise."""
    stir = torch.Generator().manual_seed(40_000 + seed)
    count = len(heard.better)
    t, eps = torch.rand(count, generator=stir), torch.randn(count, 2, generator=stir)
    with torch.no_grad():
        won, lost = (
            prediction_loss(model, LinearPath(), "velocity", x0, t, eps)
            for x0 in (heard.better, heard.worse)
        )
    return won, lost


def rises(model: EpsMLP, base: EpsMLP, held: Votes) -> Result:
    """How much the errors about winners and losers grew, on pairs never trained on.

    `won`, `lost`, means; `accuracy`, the share of pairs in which the winner's grew less
    (the implicit accuracy of DPO, whatever beta).
    """
    now, then = errors(model, held), errors(base, held)
    won, lost = now[0] - then[0], now[1] - then[1]
    return {
        "won": float(won.mean()),
        "lost": float(lost.mean()),
        "accuracy": float((won < lost).double().mean()),
    }


def drawn_by(model: EpsMLP, count: int) -> Tensor:
    """Always from the same noise."""
    eps = torch.randn(count, 2, generator=torch.Generator().manual_seed(31))
    return walk(model, eps, EVALUATIONS)


def seen(model: EpsMLP, count: int) -> Result:
    """The reward of what a model draws, and what the judge says of it."""
    x = drawn_by(model, count)
    verdict = judge(x)
    kept = {key: verdict[key] for key in ("on", "entropy")}
    return {"reward": float(reward(x).mean()), **kept}


def train(base: EpsMLP, loss: Loss, steps: int, seed: int) -> EpsMLP:
    """A copy of the base after so many steps of this loss."""
    model = copied(base)
    for _ in descend(model, partial(loss, model), steps, RATE, seed + 3000):
        pass
    return model.eval()


def paired(base: EpsMLP, loss: Loss, held: Votes, seed: int, effort: Effort) -> Result:
    """Train on pairs: what comes out, and what would have, had one stopped in time.

    `loss` is that of the last step. Lists over the training, every 20th part: `at` and
    the keys of `rises`, as `path_`. `stop_reward`, `stop_on` and `stop_at`: of the
    model with the smallest error about winners.
    """
    model, every = copied(base), max(effort.steps // 20, 1)
    path, best = [{"at": 0.0, "won": 0.0, "lost": 0.0}], copied(base)
    steps = descend(model, partial(loss, model), effort.steps, RATE, seed + 3000)
    loss_now = 0.0
    for step, loss_now in enumerate(steps, 1):  # noqa: B007
        if step % every == 0:
            now = rises(model, base, held)
            if now["won"] < min(each["won"] for each in path):
                best = copied(model)
            path.append({"at": step, "won": now["won"], "lost": now["lost"]})
    model.eval()
    stopped = seen(best, effort.drawn)
    lowest = min(path, key=lambda each: each["won"])
    found = {**seen(model, effort.drawn), **rises(model, base, held), "loss": loss_now}
    found |= {"stop_at": lowest["at"], "stop_reward": stopped["reward"]}
    found |= {"stop_on": stopped["on"]}
    return found | {
        **prefixed("path", columns(path)),
        "shown": _flat(drawn_by(model, effort.kept)),
    }


def _flat(x: Tensor) -> list[float]:
    """Points as one list, to be stored."""
    return [round(float(v), 2) for v in x.flatten()]


def climbers(base: EpsMLP, effort: Effort, seed: int) -> dict[str, Result]:
    """ReFL with the true reward, and with one learnt from votes."""
    count = effort.pairs // 2
    net = learn(votes(base, count, MINDS["inclined"], 8500 + seed), seed)
    true, learnt = climb(base, reward), climb(base, net)
    runs = {"alone": true, "learnt_alone": learnt}
    for pull in PULLS:
        runs[f"pull_{pull}"] = both(true, ordinary(), pull)
    runs["learnt_pull_3"] = both(learnt, ordinary(), 3)
    first = net(drawn_by(base, effort.drawn))
    found = {"base": seen(base, effort.drawn)}
    for name, loss in runs.items():
        model = train(base, loss, effort.climb, seed)
        thought = net(drawn_by(model, effort.drawn)).mean() - first.mean()
        found[name] = seen(model, effort.drawn)
        found[name] |= {"thought": float(thought / first.std())}
    return found


def pupils(base: EpsMLP, effort: Effort, seed: int) -> dict[str, Result]:
    """Diffusion-DPO at each beta and its variants, and training on the winners."""
    heard = votes(base, effort.pairs, CERTAIN, 8600 + seed)
    held = votes(base, effort.drawn, CERTAIN, 7600 + seed)
    doubtful = votes(base, effort.pairs, MINDS["decided"], 8700 + seed)

    def winners(count: int, stir: torch.Generator) -> Tensor:
        return heard.batch(count, stir)[0]

    def own(model: EpsMLP, stir: torch.Generator) -> Tensor:
        return compare(lambda *args: model(*args), heard, 10)(model, stir)

    runs = {f"beta_{beta}": compare(base, heard, beta) for beta in BETAS}
    runs |= {
        "winners": ordinary(winners),
        "with_winners": both(compare(base, heard, 10), ordinary(winners), 1),
        "apart": apart(base, heard, 30),
        "own": own,
        "doubtful": compare(base, doubtful, 10),
    }
    found = {
        name: paired(base, loss, held, seed, effort) for name, loss in runs.items()
    }
    for name in VARIANTS:  # no picture of these
        for key in [key for key in found[name] if key.startswith(("path", "shown"))]:
            del found[name][key]
    found["pairs"] = {"better": float(reward(heard.better).mean())}
    return found


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 06b.B.

    Keys: `betas`, `pulls`, `steps` (of those that learn from pairs), `climb` (of ReFL),
    `pairs`, `drawn`; with _std and _all, of each run: `reward`, `on`,
    `entropy` (see `judge`). ReFL: `alone`, `pull_{weight}`, `learnt_alone`,
    `learnt_pull_3` have `thought`, by how many standard deviations of the base the
    learnt reward rose. On pairs: `beta_{beta}`, `winners`, `with_winners` (beta 10 and
    training on winners), `apart` (beta 30, two noises a pair), `own` (beta 10, the
    reference is the model), `doubtful` (beta 10, votes of decided people) have the
    keys of `paired`, and the first two `path_...` and `shown`, points of the first
    seed. `base_...`; `pairs_better`, the mean reward of the winners.
    """
    effort = Effort(30, 20, 3, 200, 100, 5) if quick else Effort()
    seeds = seeds[:1] if quick else seeds
    rows: list[Result] = []
    shown: Result = {}
    for seed in seeds:
        base, row = start(seed, effort.base), Result()
        runs = climbers(base, effort, seed) | pupils(base, effort, seed)
        for name, found in runs.items():
            row |= prefixed(name, found)
        for key in [key for key in row if key.endswith(("_shown", "_path_at"))]:
            shown.setdefault(key, row.pop(key))
        rows.append(row)
    return {
        "betas": list(BETAS),
        "pulls": list(PULLS),
        "steps": effort.steps,
        "climb": effort.climb,
        "pairs": effort.pairs,
        "drawn": effort.drawn,
        **shown,
        **sum_up(rows),
    }
