"""Right versions of lecture 07's exercises in other styles: each must pass."""

import json
import math

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import Tensor

from coursekit.checks.spec import Function
from coursekit.evaluation.frechet_samples import frechet_at
from coursekit.evaluation.judge_verdict import NoVerdict, json_objects

# 7.1 to 7.3: ratings


def by_logistic(rating: Tensor, other: Tensor, score: Tensor, k: float = 32.0):
    gap = (rating - other) * (math.log(10) / 400)
    gained = k * score - k * torch.sigmoid(gap)
    return rating + gained, other - gained


def by_minorizing(wins: Tensor, penalty: float = 0.0) -> Tensor:
    """Gradient ascent, with steps that cannot overshoot."""
    wins = wins.double() * (1 - torch.eye(wins.shape[-1]).double())
    games = wins + wins.mT
    rate = 2 / (games.sum(-1).amax() + 2 * penalty)
    ratings = wins.new_zeros(wins.shape[:-1])
    for _ in range(20_000):
        gap = ratings[..., :, None] - ratings[..., None, :]
        expected = (games * torch.sigmoid(gap)).sum(-1)
        ratings = ratings + rate * (wins.sum(-1) - expected - penalty * ratings)
    return ratings - ratings.mean(-1, keepdim=True)


# 7.4 to 7.6: distances


def by_scipy(mean1, cov1, mean2, cov2):
    root = sqrtm((cov1 @ cov2).double().numpy())
    rest = (cov1 + cov2).trace() - 2 * torch.from_numpy(np.real(root)).trace()
    return max(0.0, float(((mean1 - mean2) ** 2).sum() + rest))


def by_two_roots(mean1, cov1, mean2, cov2):
    """The nuclear norm of the product of both roots."""
    roots = []
    for cov in (cov1, cov2):
        left, size, _ = torch.linalg.svd(cov.double())
        roots.append(left * size.sqrt() @ left.T)
    both = torch.linalg.svdvals(roots[0] @ roots[1]).sum().item()
    far = torch.dist(mean1, mean2).item() ** 2
    return abs(far + cov1.trace().item() + cov2.trace().item() - 2 * both)


def by_polyfit(x, y, sizes):
    if len(set(sizes)) == 1:
        raise ValueError("one size")
    slope, limit = np.polyfit(
        [1 / n for n in sizes], [frechet_at(x, y, n) for n in sizes], 1
    )
    return limit, slope


def by_lstsq(x, y, sizes):
    if min(sizes) == max(sizes):
        raise ValueError("one size")
    rows = torch.tensor([[1.0, 1 / n] for n in sizes], dtype=torch.float64)
    seen = torch.tensor([[frechet_at(x, y, n)] for n in sizes], dtype=torch.float64)
    limit, slope = torch.linalg.lstsq(rows, seen).solution.flatten().tolist()
    return [limit, slope]


def pair_by_pair(x, y):
    if len(x) < 2 or len(y) < 2:
        raise ValueError("pairs")
    x, y = x.double().tolist(), y.double().tolist()

    def k(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def mean(values):
        values = list(values)
        return sum(values) / len(values)

    inside = sum(
        mean(k(a, b) for i, a in enumerate(v) for j, b in enumerate(v) if i != j)
        for v in (x, y)
    )
    return inside - 2 * mean(k(a, b) for a in x for b in y)


def in_numpy(x, y):
    x, y = (np.asarray(v, dtype=float) for v in (x, y))
    if min(len(x), len(y)) == 1:
        raise ValueError("pairs")
    whole = np.concatenate([x, y])
    table = (whole @ whole.T / x.shape[1] + 1) ** 3
    n = len(x)
    parts = table[:n, :n], table[n:, n:]
    inside = [(p.sum() - np.trace(p)) / (len(p) ** 2 - len(p)) for p in parts]
    return torch.tensor(sum(inside) - 2 * table[:n, n:].mean())


def by_sorting(real, drawn, k=3):
    if k >= min(len(real), len(drawn)):
        raise ValueError("k")
    far = [(a[:, None] - b).norm(dim=-1) for a in (real, drawn) for b in (real, drawn)]
    edge_real, edge_drawn = (far[i].sort(dim=1).values[:, k] for i in (0, 3))
    precise = (far[1] <= edge_real[:, None]).sum(dim=0) > 0
    recalled = (far[2] <= edge_drawn[:, None]).sum(dim=0) > 0
    return precise.double().mean().item(), recalled.double().mean().item()


def window_by_window(x, y, data_range):
    x, y = x.double(), y.double()
    steps = torch.arange(11.0, dtype=torch.float64) - 5
    bell = torch.softmax(-(steps**2) / 4.5, dim=0)
    weights = torch.outer(bell, bell)
    a, b = (v.unfold(2, 11, 1).unfold(3, 11, 1) for v in (x, y))

    def mean(v):
        return (v * weights).sum(dim=(-2, -1))

    ma, mb = mean(a), mean(b)
    a, b = a - ma[..., None, None], b - mb[..., None, None]
    c1, c2 = 1e-4 * data_range**2, 9e-4 * data_range**2
    light = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
    rest = (2 * mean(a * b) + c2) / (mean(a * a) + mean(b * b) + c2)
    return (light * rest).mean(dim=(1, 2, 3))


# 7.7 to 7.9: alignment


def by_unit_vectors(images, texts):
    one, other = (v / v.norm(dim=1, keepdim=True) for v in (images, texts))
    return 2.5 * torch.einsum("bd,bd->b", one, other).relu()


def by_divergence(first, second, texts, votes, log_scale):
    """torch's own KL of two laws over two pictures."""
    pictures = torch.stack([first, second], 1)
    cosines = torch.cosine_similarity(pictures, texts[:, None], dim=2)
    chances = (log_scale.exp() * cosines).log_softmax(1)
    target = torch.stack([votes, 1 - votes], 1)
    return torch.nn.functional.kl_div(chances, target, reduction="batchmean")


def by_climbing(right, parents):
    def fine(at):
        above = int(parents[at])
        return bool(right[at]) and (above < 0 or fine(above))

    return torch.tensor([fine(at) for at in range(len(right))])


def by_falling(right, parents):
    """What hangs on something wrong is struck out until nothing is left to strike."""
    struck = ~right
    while True:
        more = struck | ((parents >= 0) & struck[parents])
        if bool((more == struck).all()):
            return ~struck
        struck = more


def by_weights(values, groups):
    size = (groups[:, None] == groups).sum(1)
    share = 1 / (size * len(groups.unique()))
    return (values.to(torch.float32) * share).sum()


# 7.10 to 7.11: judges


def weakest_links(consistency, quality):
    if not (len(consistency) and len(quality)):
        raise ValueError("nothing to judge")
    return float(np.sqrt(np.min(consistency) * np.min(quality)))


def halves(consistency, quality) -> float:
    worst = [sorted(part)[0:1] for part in (consistency, quality)]
    if [] in worst:
        raise ValueError("nothing to judge")
    return math.prod(mark**0.5 for (mark,) in worst)


def by_lines(text, names, top=10.0):
    """The last line that begins with a brace, and everything behind it."""
    lines = text.strip().removesuffix("```").rstrip().split("\n")
    starts = [n for n, line in enumerate(lines) if line.startswith("{")]
    if not starts or len(json_objects(text)) != 1:
        raise NoVerdict("not one object")
    try:
        verdict = json.loads("\n".join(lines[starts[-1] :]))
        evidence, scores = verdict["evidence"], verdict["scores"]
        fits = [*verdict] == ["evidence", "scores"]
        fits = fits and evidence.keys() == scores.keys() == set(names)
        fits = fits and all(isinstance(said, str) for said in evidence.values())
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NoVerdict("not that object") from None
    for score in scores.values():
        real = isinstance(score, int | float) and not isinstance(score, bool)
        fits = fits and real and min(max(score, 0), top) == score
    if not fits:
        raise NoVerdict("it does not fit")
    return verdict


def by_cases(straight: Tensor, swapped: Tensor) -> Tensor:
    result = torch.zeros_like(straight)
    result[(straight == 1) & (swapped == -1)] = 1
    result[(straight == -1) & (swapped == 1)] = -1
    result[straight.isnan() | swapped.isnan()] = torch.nan
    return result


def where_they_agree(straight: Tensor, swapped: Tensor) -> Tensor:
    other = -swapped
    same = torch.where(straight == other, straight, 0 * (straight + other))
    return same


def in_single_precision(straight: Tensor, swapped: Tensor) -> Tensor:
    """Numbers written into `torch.where` are float32, whatever the verdicts are."""
    left = torch.where((straight == -1) & (swapped == 1), -1.0, 0.0)
    won = torch.where((straight == 1) & (swapped == -1), 1.0, left)
    return torch.where((straight + swapped).isnan(), torch.nan, won)


def by_counting(values: Tensor, groups: Tensor) -> Tensor:
    """float64, whatever the values are."""
    _, place = groups.unique(return_inverse=True)
    sums = torch.bincount(place, weights=values.double())
    return (sums / torch.bincount(place)).mean()


RIGHT: dict[str, tuple[Function, ...]] = {
    "07.2": (by_logistic,),
    "07.3": (by_minorizing,),
    # C
    "07.5": (by_scipy, by_two_roots),
    "07.8": (by_polyfit, by_lstsq),
    "07.10": (pair_by_pair, in_numpy),
    "07.12": (by_sorting,),
    "07.13": (window_by_window,),
    # D
    "07.16": (by_unit_vectors,),
    "07.18": (by_divergence,),
    "07.20": (by_climbing, by_falling),
    "07.21": (by_weights, by_counting),
    # E
    "07.26": (weakest_links, halves),
    "07.27": (by_lines,),
    "07.29": (by_cases, where_they_agree, in_single_precision),
}
