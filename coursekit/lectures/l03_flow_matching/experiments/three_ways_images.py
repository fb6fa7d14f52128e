"""The same network trained three ways on Fashion-MNIST: noise, score, velocity.

Figure 03.F. One path (the straight one), one network, one number of steps: only the
target of the loss differs. All three answers are converted to one belief and sampled
with the same Euler steps, so what differs is what training made of the target.
Every run is kept (runs/three_ways/), so a stopped measurement goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import replace

from coursekit.evaluation.sampling import sample_images
from coursekit.experiments.image_ruler import make_ruler
from coursekit.experiments.summary import Result, curves, over_seeds
from coursekit.experiments.train_images import RUNS, trained
from coursekit.models.unet import UNetConfig
from coursekit.training.data import training_images
from coursekit.training.recipes_pixels import FASHION_FLOW

KINDS = ("eps", "score", "velocity")
NFES = (2, 5, 10, 20, 50)
NETWORK = UNetConfig(channels=1, widths=(32, 64), patch=2)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 03.F.

    Keys: `{kind}_frechet` and `{kind}_energy`, lists over `nfes`, with _std;
    `{kind}_{nfe}_frechet` with _std and _all; `{kind}_loss`, the training loss of the
    last hundredth (in the units of its own target: not comparable); `floor_frechet`,
    real against real; `steps`, `batch`, `parameters`, `pictures`.
    """
    steps, pictures = (40, 32) if quick else (1500, 250)
    profile = replace(
        FASHION_FLOW.cpu, model=NETWORK, steps=steps, ema=0.99, save_every=steps
    )
    data = training_images("fashion", 10_000)
    ruler = make_ruler("fashion", quick)
    result: Result = {
        "nfes": list(NFES),
        "steps": steps,
        "batch": profile.batch,
        "pictures": pictures,
        "features": ruler.description,
    }
    floors = [ruler.scores(ruler.real(pictures, seed)) for seed in seeds]
    for figure in floors[0]:
        result |= over_seeds(f"floor_{figure}", [row[figure] for row in floors])
    for kind in KINDS:
        found = []
        for seed in seeds:
            recipe = replace(FASHION_FLOW, predicts=kind, seed=seed)
            folder = RUNS / ("three_ways_quick" if quick else "three_ways")
            folder /= f"{kind}-{seed}"
            model = trained(folder, recipe, profile, data)
            result["parameters"] = sum(p.numel() for p in model.parameters())
            walk, shape = recipe.objective().walk, recipe.shape
            found.append(
                [
                    ruler.scores(sample_images(model, walk, shape, pictures, n, seed))
                    for n in NFES
                ]
            )
        for figure in found[0][0]:
            table = [[scores[figure] for scores in row] for row in found]
            result |= curves(f"{kind}_{figure}", table)
            for i, n in enumerate(NFES):
                values = [row[i] for row in table]
                result |= over_seeds(f"{kind}_{n}_{figure}", values)
    return result
