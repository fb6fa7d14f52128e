"""The same network trained three ways on Fashion-MNIST: noise, score, velocity.

Figure 03.F. One path (the straight one), one network, one number of steps: only the
target of the loss differs. All three answers are converted to one belief and sampled
with the same Euler steps, so what differs is what training made of the target.
Every run is kept (runs/three_ways/), so a stopped measurement goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import replace

from coursekit.evaluation.sampling import sample_images
from coursekit.experiments.cache import run_folder
from coursekit.experiments.image_ruler import make_ruler
from coursekit.experiments.summary import Result, columns, entries, for_seeds, prefixed
from coursekit.experiments.train_images import trained
from coursekit.models.unet import UNet, UNetConfig, count_parameters
from coursekit.training.data import training_images
from coursekit.training.recipes_pixels import FASHION_FLOW

KINDS = ("eps", "score", "velocity")
NFES = (2, 5, 10, 20, 50)
NETWORK = UNetConfig(channels=1, widths=(32, 64), patch=2)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.F.

    Keys: `{kind}_frechet` and `{kind}_energy`, lists over `nfes`, with _std;
    `{kind}_{nfe}_frechet` with _std and _all; `floor_frechet`, real against real;
    `steps`, `batch`, `parameters`, `pictures`.
    """
    steps, pictures = (40, 32) if quick else (1500, 250)
    profile = replace(
        FASHION_FLOW.cpu, model=NETWORK, steps=steps, ema=0.99, save_every=steps
    )
    data = training_images("fashion", 10_000)
    ruler = make_ruler("fashion", quick)

    def one(kind: str, seed: int) -> Result:
        recipe = replace(FASHION_FLOW, predicts=kind, seed=seed)
        folder = run_folder(f"three_ways/{kind}-{seed}", quick)
        model = trained(folder, recipe, profile, data)
        walk, shape = recipe.objective().walk, recipe.shape
        drawn = (sample_images(model, walk, shape, pictures, n, seed) for n in NFES)
        lists = columns(map(ruler.scores, drawn))
        return {**lists, **entries(NFES, lists)}

    result: Result = {
        "nfes": list(NFES),
        "steps": steps,
        "batch": profile.batch,
        "pictures": pictures,
        "parameters": count_parameters(UNet(NETWORK)),
        "features": ruler.description,
        **prefixed("floor", for_seeds(ruler.floor, seeds, pictures)),
    }
    for kind in KINDS:
        result |= prefixed(kind, for_seeds(one, seeds, kind))
    return result
