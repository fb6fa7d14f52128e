"""Diffusion of text with random tokens instead of masks (uniform noise).

At time t each token is replaced, with probability t, by one that is drawn evenly from
all V (t = 0 is data, t = 1 is noise; Austin et al. 2021, D3PM; Schiff et al. 2024,
UDLM; Sahoo et al. 2025, Duo):

    q(xt | x0) = alpha(t) [xt = x0] + (1 - alpha(t)) / V,      alpha(t) = 1 - t

Nothing tells a network which tokens are noise. So it predicts every place, it must know
t, and a sampler may change a token as often as it likes.

`predict(xt, t)` maps ids (B, L) and times (B,), float64, to logits (B, L, V). The
reverse step and the bound want p(x0_i | all *other* tokens of xt): the token at the
place itself enters by Bayes' rule. A network that is trained to guess x0_i from all of
xt gives something else; `leave_one_out` turns one into the other (Uniform Diffusion
Models Revisited, 2026, arXiv 2605.22765).
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

from coursekit.theory.masked_diffusion import uniforms
from coursekit.theory.unmasking import draw_tokens

PredictAt = Callable[[Tensor, Tensor], Tensor]  # ids (B, L), t (B,) -> logits (B, L, V)


def random_tokens(
    shape: tuple[int, ...],
    vocabulary: int,
    device: torch.device,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Ids drawn evenly from 0 .. V - 1: all that is left at t = 1."""
    home = device if generator is None else generator.device
    ids = torch.randint(vocabulary, shape, generator=generator, device=home)
    return ids.to(device)


def corrupt(
    x0: Tensor,
    t: Tensor,
    editable: Tensor,
    vocabulary: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Replace each editable token with probability t by a random one, perhaps itself.

    x0: (B, L) ids; t: (B,); editable: (B, L) bool. Returns xt (B, L).
    """
    shape = tuple(x0.shape)
    replaced = uniforms(shape, x0.device, generator) < t.to(x0.device).unsqueeze(1)
    noise = random_tokens(shape, vocabulary, x0.device, generator)
    return torch.where(editable & replaced, noise, x0)


def noised(law: Tensor, t: Tensor) -> Tensor:
    """The law of xt at a place where x0 has this law: alpha law + (1 - alpha) / V.

    law: (B, L, V); t: (B,).
    """
    t = t.to(law).reshape(-1, 1, 1)
    return (1 - t) * law + t / law.shape[-1]


def at_token(values: Tensor, ids: Tensor) -> Tensor:
    """The entry of each place's token: (B, L, V), (B, L) to (B, L, 1)."""
    return values.gather(-1, ids.unsqueeze(-1))


def leave_one_out(logits: Tensor, xt: Tensor, t: Tensor) -> Tensor:
    """From p(x0_i | xt) to p(x0_i | xt without its place i): divide by q(xt_i | x0_i).

    Only the logit of the token that stands there changes. logits: (B, L, V), of the
    guess from all of xt; t: (B,), in (0, 1]. Returns logits, float64.
    """
    t = t.double().reshape(-1, 1, 1)
    vocabulary = logits.shape[-1]
    gain = torch.log1p((1 - t) * vocabulary / t)  # q(same) / q(another), as a log
    place = xt.unsqueeze(-1)
    return logits.double().scatter_add(-1, place, -gain.expand(*xt.shape, 1))


def posterior(law: Tensor, xt: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """The law of the token at time s < t, by Bayes' rule (Austin et al. 2021).

        q(xs | xt) ~ q(xt | xs) * (alpha(s) law(xs) + (1 - alpha(s)) / V)

    law: (B, L, V), of x0 given everything *but* the token xt that stands at the place
    (a one-hot law gives q(xs | xt, x0)); t, s: (B,), 1 >= t > s >= 0. Returns (B, L,
    V), like `law`; it sums to 1.
    """
    kept = ((1 - t) / (1 - s)).to(law).reshape(-1, 1, 1)  # alpha(t) / alpha(s)
    other = (1 - kept) / law.shape[-1]
    same = torch.zeros_like(law).scatter(-1, xt.unsqueeze(-1), 1.0)
    return (kept * same + other) * noised(law, s) / at_token(noised(law, t), xt)


def uniform_bound(
    logits: Tensor, x0: Tensor, xt: Tensor, t: Tensor, editable: Tensor
) -> Tensor:
    """One draw of the bound of -log p(x0) for each row, in nats (Schiff et al. 2024;
    the form of Sahoo et al. 2025 with its terms collected).

    Backwards in time a token xt turns into y at a rate that is proportional to
    r(y) = q(y | x0) / q(xt | x0); the model has the rate s(y), with its law in the
    place of x0. Two rates that differ cost r log(r / s) - r + s:

        1 / (1 - t) * 1/V * sum over y,   summed over the editable places

    Its mean over t in (0, 1) and over xt bounds -log p(x0). It is tight if the logits
    are those of p(x0_i | xt without its place i), and not if they are those of
    p(x0_i | xt).

    logits: (B, L, V); x0, xt: (B, L); t: (B,), in (0, 1); editable: (B, L) bool.
    Gradients flow to the logits. Returns (B,), float64.
    """
    law, t = logits.double().softmax(-1), t.double()
    at_noise = noised(law, t)
    clean = torch.zeros_like(law).scatter(-1, x0.unsqueeze(-1), 1.0)
    true = noised(clean, t)
    r = true / at_token(true, xt)
    s = at_noise / at_token(at_noise, xt)
    cost = (r * (r / s).log() - r + s).mean(-1) / (1 - t).unsqueeze(1)
    return (cost * editable).sum(1)


@torch.no_grad()
def denoise_tokens(
    predict: PredictAt,
    xt: Tensor,
    editable: Tensor,
    ts: Tensor,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Ancestral sampling: at each step draw all tokens from `posterior`.

    predict: logits of p(x0_i | xt without its place i), see `leave_one_out`. xt: (B, L)
    ids, random ones at the editable places; ts: (N + 1,), from 1 down to 0
    (`time_grid`). Yields N + 1 states, the first of them xt itself. The network is
    called N times: nothing stays, so nothing can be reused.
    """
    ids = xt
    yield ids
    for t, s in pairwise(ts.double()):
        now, then = (time.to(ids.device).expand(len(ids)) for time in (t, s))
        law = predict(ids, now).double().softmax(-1)
        drawn = draw_tokens(posterior(law, ids, now, then).log(), 1.0, generator)
        ids = torch.where(editable, drawn, ids)
        yield ids
