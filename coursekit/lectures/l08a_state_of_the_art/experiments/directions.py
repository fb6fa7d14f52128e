"""Figure 08a.R: what the best linear map of a rank can say of patches. No training."""

import torch
from torch import Tensor

from coursekit.datasets.images import to_model
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments.summary import Result
from coursekit.lectures.l08a_state_of_the_art.experiments.patches import SMALL, TIMES
from coursekit.models.patches import patchify
from coursekit.theory.low_rank import principal_directions, rank_errors

SIDES = (2, 4, 8, 16, 32)
SHARES = {"most": 0.95, "nearly": 0.99}


def needed(variances: Tensor, share: float) -> int:
    """How many directions hold this share of the variance."""
    return int((variances.cumsum(0) < share * variances.sum()).sum()) + 1


def measure(count: int = 4000, quick: bool = False) -> Result:
    """Everything of 08a.R.

    Keys: `pictures`, whose patches were cut; `rank`, of the maps: what the networks of
    08a.A let in of a patch; `width`, what they have for a token; `times`; for each side
    of SIDES `{side}_numbers` of a patch, `{side}_most` and `{side}_nearly`: the
    directions with 95 % and 99 % of the variance, `{side}_floor`: of an error of any
    network that says the velocity and lets `rank` numbers in; and lists over `times`:
    `{side}_x0`, `{side}_velocity`: errors of the velocity, `{side}_open`: with all
    directions open, whatever is said.
    """
    count, sides = (50, SIDES[:3]) if quick else (count, SIDES)
    rank, pictures = SMALL.bottleneck, to_model(teddies(count, 32, seed=8)[0])
    result: Result = {"pictures": count, "rank": rank, "width": SMALL.width}
    result["times"] = list(TIMES)
    for side in sides:
        law = principal_directions(patchify(pictures, side).flatten(0, 1)).variances
        size = len(law)
        result[f"{side}_numbers"] = size
        result |= {f"{side}_{name}": needed(law, s) for name, s in SHARES.items()}
        result[f"{side}_floor"] = max(0.0, 1 - rank / size)
        for says in ("x0", "velocity"):
            errors = torch.stack([rank_errors(law, t, says) for t in TIMES])
            result[f"{side}_{says}"] = errors[:, min(rank, size)].tolist()
            result[f"{side}_open"] = errors[:, -1].tolist()
    return result
