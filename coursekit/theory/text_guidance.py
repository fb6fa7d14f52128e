"""Classifier-free guidance of text: what was asked for, more than the model would.

A masked model is asked twice, with the prompt and with the prompt hidden, and each
hidden token is drawn from

    p_s(x) = p(x | prompt)^s p(x)^(1 - s) / Z

(Schiff et al. 2024, D-CFG; Nie et al. 2025, unsupervised guidance). Z makes the law of
each token add up to 1. It depends on the text so far, and so a text of several tokens
does not have the law p(text | prompt)^s p(text)^(1 - s) / Z.
"""

import torch
from torch import Tensor

from coursekit.theory.guidance import guided
from coursekit.theory.masked_diffusion import Predict


def guided_logits(with_prompt: Tensor, without_prompt: Tensor, scale: float) -> Tensor:
    """log p_s of each token: log-probabilities, which add up to 1.

    scale counts as in `coursekit.theory.guidance.guided`: 1 is the model itself, 0 does
    not hear the prompt, more than 1 goes further. (LLaDA's cfg_scale is scale - 1, the
    gamma of Schiff et al. 2024 is scale.) Both: (..., V) logits; a constant added to
    all logits of a token changes nothing. A token that one of them rules out with -inf
    stays ruled out; some token must be left. Returns (..., V).
    """
    out = with_prompt.isneginf() | without_prompt.isneginf()
    logits = guided(
        with_prompt.masked_fill(out, 0.0), without_prompt.masked_fill(out, 0.0), scale
    )
    return logits.masked_fill(out, -torch.inf).log_softmax(-1)


def guided_predict(asked: Predict, hidden: Predict, scale: float) -> Predict:
    """A network for `unmask` that is guided: asked with the prompt, and without it.

    Every pass costs two, but at scale 0 or 1 one.
    """
    if scale == 1:
        return asked
    if scale == 0:
        return hidden
    return lambda ids: guided_logits(asked(ids), hidden(ids), scale)
