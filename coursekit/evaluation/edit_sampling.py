"""Pictures from a picture and a wish: a flow that sees the picture all the way."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from coursekit.datasets.images import to_uint8
from coursekit.evaluation.text_sampling import BATCH, Decode, starts
from coursekit.models.conditioning import empty_prompt
from coursekit.theory.guidance import guided
from coursekit.theory.paths import LinearPath
from coursekit.theory.prediction import denoiser
from coursekit.theory.solvers import euler, time_grid

STEPS = 24  # of Euler's method, as the prompts of notebook 5 have them
Editor = Callable[..., Tensor]  # editor(xt, t, (ids, reference)) -> velocity


def guided_by_words(
    model: Editor, ids: Tensor, null: Tensor, reference: Tensor, scale: float
) -> Callable[[Tensor, Tensor], Tensor]:
    """An editor (xt, t) that is guided to what the words say of the reference.

    Ask twice, with the wish and with `null`, and go `scale` times the way from the
    second answer to the first (`theory.guidance.guided`). Both times the model sees the
    reference: what both answers know of it is not doubled. So does FLUX.2's code
    (`src/flux2/sampling.py`, `denoise_cfg`). With scale 1 it is asked once.

    model: model(xt, t, (ids, reference)); ids: (B, L); null: (L,), the empty wish;
    reference: (B, C, H, W). Returns a function of xt (B, C, H, W) and t (B,).
    """

    def ask(xt: Tensor, t: Tensor) -> Tensor:
        with_words = model(xt, t, (ids, reference))
        if scale == 1:
            return with_words
        without = model(xt, t, (null.expand_as(ids), reference))
        return guided(with_words, without, scale)

    return ask


@torch.no_grad()
def sample_edits(
    model: Editor,
    references: Tensor,
    ids: Tensor,
    decode: Decode,
    scale: float = 1.0,
    seed: int = 0,
    num_steps: int = STEPS,
) -> NDArray[np.uint8]:
    """One picture for each reference and wish, uint8 (B, H, W, C), by Euler's steps.

    references: (B, C, H, W), as the model learnt them; ids: (B, L). The noise follows
    from the seed; picture i does not depend on how many there are.
    """
    noise, done = starts(len(ids), tuple(references.shape[1:]), seed), []
    null = empty_prompt(ids.shape[1])
    for i in range(0, len(ids), BATCH):
        some = slice(i, i + BATCH)
        asked = guided_by_words(model, ids[some], null, references[some], scale)
        predict = denoiser(asked, LinearPath(), "velocity")
        *_, x0 = euler(predict, noise[some], time_grid(num_steps))
        done.append(decode(x0))
    return to_uint8(torch.cat(done))
