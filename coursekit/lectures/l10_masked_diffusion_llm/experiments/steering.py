"""Figure 10.V: classifier-free guidance of a masked model that writes programs.

The shipped model never saw a hidden caption. A copy of it goes on learning with the
caption hidden in some rows, so that it knows programs without a caption, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from coursekit.datasets.teddy.program_tokens import PROMPT, program_tokens
from coursekit.datasets.tokens import END
from coursekit.evaluation.token_sampling import Written, fill_after
from coursekit.evaluation.written_programs import Writer, quality, scene_of
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.canvas import after, empty
from coursekit.lectures.l10_masked_diffusion_llm.experiments.speed import law_layouts
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.guidance import drop_condition
from coursekit.theory.masked_diffusion import Predict
from coursekit.theory.text_guidance import guided_predict
from coursekit.theory.unmasking import ByConfidence, unmask
from coursekit.training.data import seed_of
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import load_model
from coursekit.training.recipe import Batch, Data
from coursekit.training.recipe_text import TextRecipe
from coursekit.training.recipes_text import MASKED

MODEL = "programs-masked"
FORGOTTEN = 0.15  # of the captions, while it learns
SCALES = (1.0, 1.5, 2.0, 4.0)
PASSES = (8, 16)
GAIN = SCALES.index(2.0)


class Forgetful(TextRecipe):
    """The masked recipe, with some captions hidden."""

    def batch(self, data: Data, size: int, step: int) -> Batch:
        """As the recipe's, but for the captions that are forgotten."""
        x0, editable, xt, *rest = super().batch(data, size, step)
        stir = torch.Generator().manual_seed(seed_of(self.seed, 3, step))
        null = torch.full((PROMPT,), self.told().mask_id)
        luck = torch.rand(size, generator=stir)
        prompt = drop_condition(xt[:, :PROMPT], null, FORGOTTEN, luck)
        return x0, editable, torch.cat([prompt, xt[:, PROMPT:]], 1), *rest


def taught(steps: int, rows: int) -> TokenTransformer:
    """The shipped model after some more steps, with hidden captions among them."""
    recipe = Forgetful(**{**vars(MASKED), "start": MODEL})
    profile = replace(
        MASKED.cpu, steps=steps, warmup=steps // 8, ema=0.98, muon=0.006, lr=6e-4
    )
    run = Run(recipe, profile, recipe.load(rows), precision="bf16")
    for _ in train(run):
        pass
    return cast(TokenTransformer, run.averaged())


Steer = Callable[[TokenTransformer, Tensor, float], Predict]


def steered(model: TokenTransformer, prompt: Tensor, scale: float) -> Predict:
    """Guided: the network with the caption, and with masks in its place."""
    hide = torch.full_like(prompt, model.config.mask_id)
    return guided_predict(after(model, prompt), after(model, hide), scale)


def cooled(model: TokenTransformer, prompt: Tensor, scale: float) -> Predict:
    """The control: what guidance would be if nothing were known without a caption.

    All words are alike then, and p(x | prompt)^scale is a temperature of 1 / scale.
    """
    predict = after(model, prompt)
    return lambda ids: scale * predict(ids)


def writer(model: TokenTransformer, steer: Steer, scale: float, passes: int) -> Writer:
    """Programs after captions, the surest tokens first."""

    def write(prompt: Tensor, generator: torch.Generator) -> Written:
        xt, masked = empty(len(prompt), model.config.mask_id)
        rule = ByConfidence(passes)
        predict = steer(model, prompt, scale)
        found = unmask(predict, xt, masked, rule, 1.0, generator)
        return Written(fill_after(found.ids, END), found.passes, [found.passes])

    return write


def unasked(model: TokenTransformer, count: int) -> float:
    """The share of programs that run, written without any caption."""
    prompt = torch.zeros(count, PROMPT, dtype=torch.long)
    write = writer(model, steered, 0.0, PASSES[-1])
    ids = write(prompt, torch.Generator().manual_seed(0)).ids
    runs = [scene_of(text) is not None for text in program_tokens().read(ids)]
    return sum(runs) / count


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.V.

    Keys: `scales`; for each of the models "taught", which learnt programs without a
    caption for `steps` steps, "shipped", which did not, and "cooled", the shipped one
    at a temperature of 1 / scale, and each of `passes`, over scales: `{who}_{passes}_`
    `right`, the share of programs without a fault, `entropy`, bits of five numbers, and
    `rare`, the share that leaves a number out, and `{who}_{passes}_gain`, how much more
    are right at scale 2 than at 1; `law_rare`; `count` programs of a seed.
    `{who}_unasked`, the share that runs where no caption is given. Seeds are those of
    the writing: one training.
    """
    steps, count, scales = (2, 4, SCALES[:3]) if quick else (300, 96, SCALES)
    shipped = cast(TokenTransformer, load_model(MODEL))
    models: dict[str, tuple[TokenTransformer, Steer]] = {
        "taught": (taught(steps, 200 if quick else 20_000), steered),
        "shipped": (shipped, steered),
        "cooled": (shipped, cooled),
    }

    def one(who: str, seed: int) -> Result:
        found: Result = {}
        for passes in PASSES:
            rows = list[dict[str, float]]()
            for scale in scales:
                judged = quality(writer(*models[who], scale, passes), count, seed)
                rows.append(
                    {
                        "right": judged.right,
                        "entropy": judged.entropy,
                        "rare": 1 - judged.layouts.get("all", 0.0),
                    }
                )
            found |= prefixed(str(passes), columns(rows))
            found[f"{passes}_gain"] = rows[GAIN]["right"] - rows[0]["right"]
        return found

    result: Result = {"scales": list(scales), "passes": list(PASSES), "steps": steps}
    result |= {
        "count": count,
        "law_rare": 1 - law_layouts(200 if quick else 8000)["all"],
    }
    for who in models:
        found = for_seeds(one, seeds[:1] if quick else seeds, who)
        result |= prefixed(who, found)
    for who in ("taught", "shipped"):
        result[f"{who}_unasked"] = unasked(models[who][0], count)
    return result
