"""Figure 10.H: one step for two of the teacher's, learnt with either divergence.

Two students learn for equally long from equal batches. The published one learnt in the
same way as the reverse one, for longer.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from coursekit.datasets.teddy.program_tokens import CANVAS
from coursekit.datasets.tokens import END
from coursekit.evaluation.token_sampling import write_blocks
from coursekit.evaluation.written_programs import Writer, program_excess, quality
from coursekit.experiments.summary import Result, columns, for_seeds, prefixed
from coursekit.lectures.l10_masked_diffusion_llm.experiments.speed import (
    law_layouts,
    unlike,
)
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.unmasking import Ancestral
from coursekit.training.loop import Run, train
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_text import FEW_PASSES

PASSES = (1, 2, 4, 8)
STUDENTS = ("teacher", "forward", "reverse", "published")


def student(divergence: str, steps: int, quick: bool) -> TokenTransformer:
    """What the recipe teaches in `steps` steps, half of them in each round."""
    half = steps // 2
    profile = FEW_PASSES.quick if quick else FEW_PASSES.cpu
    profile = replace(profile, steps=steps, restarts=(half,), warmup=min(100, half))
    recipe = replace(FEW_PASSES, divergence=divergence, turns=(half,))
    run = Run(recipe, profile, recipe.load(200 if quick else 20_000), precision="bf16")
    for _ in train(run):
        pass
    return cast(TokenTransformer, run.averaged())


def writer(model: TokenTransformer, passes: int) -> Writer:
    """The ancestral sampler on the whole canvas, in `passes` steps."""
    rest = (CANVAS, CANVAS, Ancestral(passes), 1.0)
    return lambda prompt, generator: write_blocks(model, prompt, *rest, generator, END)


def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
    """Everything of 10.H.

    Keys: `passes`; for each of STUDENTS, over passes of the ancestral sampler,
    `{who}_right`, `{who}_entropy`, `{who}_rare`, the share of programs that leave a
    number out, and `{who}_unlike`, how far the shares of layouts are from the law's;
    `{who}_excess`, bits of held-out programs beyond the law's (a bound, equal holes for
    all), and `{who}_excess_error` over programs; `{who}_two`, the share right after two
    passes, seed by seed; `law_rare`; `steps` of the two
    students; `programs` of a seed. Seeds are those of the writing: one training each.
    """
    steps, count, draws = (4, 16, 1) if quick else (240, 128, 8)
    law = law_layouts(500 if quick else 8000)
    models = {
        "teacher": cast(TokenTransformer, load_model("programs-masked")),
        "forward": student("forward", steps, quick),
        "reverse": student("reverse", steps, quick),
        # It does not ship: coursekit train programs-few-passes --publish
        "published": cast(TokenTransformer, load_model("programs-few-passes")),
    }

    def writes(model: TokenTransformer, seed: int) -> Result:
        rows = list[dict[str, float]]()
        for passes in PASSES:
            judged = quality(writer(model, passes), count, seed)
            rows.append(
                {
                    "right": judged.right,
                    "entropy": judged.entropy,
                    "rare": 1 - judged.layouts.get("all", 0.0),
                    "unlike": unlike(judged.layouts, law),
                }
            )
        return {**columns(rows), "two": rows[1]["right"]}  # passes

    result: Result = {"passes": list(PASSES), "steps": steps, "programs": count}
    result["law_rare"] = 1 - law["all"]
    for who, model in models.items():
        found = for_seeds(writes, seeds[:1] if quick else seeds, model)
        bits = program_excess(model, "masked", 2 * count, draws).mean(axis=0)
        found["excess"] = float(bits.mean())
        found["excess_error"] = float(bits.std() / math.sqrt(len(bits)))
        result |= prefixed(who, found)
    return result
