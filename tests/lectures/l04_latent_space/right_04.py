"""Right versions of lecture 4's exercises in other styles: each must pass."""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn.functional import (
    cross_entropy,
    normalize,
    pixel_shuffle,
    scaled_dot_product_attention,
    softplus,
    unfold,
)

from coursekit.models.autoencoder import Autoencoder, Bells
from coursekit.models.vit import ViT
from coursekit.theory.prediction import AnyModel
from coursekit.theory.vae import kl_to_normal


def affine_draw(mean: Tensor, log_var: Tensor, eps: Tensor) -> Tensor:
    """torch's own way to move a standard normal."""
    move = torch.distributions.AffineTransform(mean, torch.exp(log_var).sqrt())
    found: Tensor = move(eps)
    return found


def kl_by_torch(mean: Tensor, log_var: Tensor) -> Tensor:
    spreads, normal = (log_var / 2).exp(), Normal(0.0, 1.0)
    rows = [Normal(m, s) for m, s in zip(mean, spreads, strict=True)]
    return torch.stack([kl_divergence(row, normal).sum() for row in rows])


def vae_by_likelihood(
    x: Tensor,
    rebuilt: Tensor,
    mean: Tensor,
    log_var: Tensor,
    beta: float = 1.0,
    noise: float = 1.0,
) -> Tensor:
    """Log likelihoods of the decoder's law; its constant is that of a perfect copy."""
    known: Tensor = Normal(x, noise).log_prob(x)  # type: ignore[no-untyped-call]
    said: Tensor = Normal(rebuilt, noise).log_prob(x)  # type: ignore[no-untyped-call]
    lost = (known - said).sum()
    return (lost + beta * kl_to_normal(mean, log_var).sum()) / x.numel()


class WrittenOut(Autoencoder):
    """Without its own methods for the way back and for the draw."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        mean, log_var = self.bells(x)
        noise = torch.zeros_like(mean) if eps is None else eps  # none is of size 0
        z = mean + noise * torch.sqrt(torch.exp(log_var))
        return pixel_shuffle(self.up(z), self.config.patch), Bells(mean, log_var)


class PlainPair(Autoencoder):
    """Its bells come back as a plain tuple."""

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Bells]:
        mean, log_var = self.bells(x)
        z = mean if eps is None else mean + (log_var / 2).exp() * eps
        return self.rebuild(z), cast(Bells, (mean, log_var))


def lpips(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """As in the code of LPIPS: a small number under the fraction, a running sum."""
    total = torch.zeros(len(maps[0]), dtype=maps[0].dtype)
    for a, b in zip(maps, others, strict=True):
        sizes = [v.square().sum(1, keepdim=True).sqrt() + 1e-10 for v in (a, b)]
        total += (a / sizes[0] - b / sizes[1]).pow(2).sum(1).flatten(1).mean(1)
    return total


def distance_by_products(maps: Sequence[Tensor], others: Sequence[Tensor]) -> Tensor:
    """|a - b|^2 = |a|^2 + |b|^2 - 2 a b, place by place."""
    found = []
    for a, b in zip(maps, others, strict=True):
        u, v = (normalize(m.flatten(2), dim=1) for m in (a, b))
        square = torch.einsum("bcp,bcp->bp", u, u) + torch.einsum("bcp,bcp->bp", v, v)
        found.append((square - 2 * torch.einsum("bcp,bcp->bp", u, v)).mean(-1))
    return sum(found, torch.zeros_like(found[0]))


def hinge_where(real: Tensor, fake: Tensor) -> Tensor:
    """The scores that still cost something."""
    a = torch.where(real < 1, 1 - real, 0).sum() / real.numel()
    b = torch.where(fake > -1, 1 + fake, 0).sum() / fake.numel()
    return 0.5 * a + 0.5 * b


def attention_einsum(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    logits = torch.einsum("...td,...sd->...ts", q, k) / math.sqrt(k.size(-1))
    if mask is not None:
        logits = torch.where(mask, logits, torch.finfo(logits.dtype).min)
    shares = torch.exp(logits - logits.amax(-1, keepdim=True))
    heard = torch.einsum("...ts,...se->...te", shares, v)
    return heard / shares.sum(-1, keepdim=True)


def attention_filled(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    logits = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        logits = logits.masked_fill(~mask, -1e4)
    return torch.softmax(logits, dim=-1) @ v


def attention_fused(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None
) -> Tensor:
    return scaled_dot_product_attention(q, k, v, attn_mask=mask)


def patches_unfolded(x: Tensor, patch: int) -> Tensor:
    if any(side % patch for side in x.shape[2:]):
        raise ValueError
    return unfold(x, patch, stride=patch).transpose(1, 2)


def patches_split(x: Tensor, patch: int) -> Tensor:
    if x.shape[2] % patch != 0 or x.shape[3] % patch != 0:
        raise ValueError(f"sides must be multiples of {patch}")
    tokens = [
        tile.flatten(1)
        for row in torch.split(x, patch, dim=2)
        for tile in torch.split(row, patch, dim=3)
    ]
    return torch.stack(tokens, dim=1)


class FilledTable(ViT):
    """A table made first, then filled picture by picture."""

    def tokens(self, x: Tensor) -> Tensor:
        z = self.position.unsqueeze(0).repeat(len(x), 1, 1)
        z[:, 0] += self.cls
        for i, picture in enumerate(x):
            z[i, 1:] += self.embed(picture[None])[0]
        return cast(Tensor, torch.nn.Sequential(*self.blocks, self.norm)(z))


def end_masked(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return tokens[ids == end]


def end_summed(tokens: Tensor, ids: Tensor, end: int) -> Tensor:
    return torch.einsum("bld,bl->bd", tokens, (ids == end).to(tokens.dtype))


Classifier = Callable[[Tensor, Tensor], Tensor]


def clip_by_logsumexp(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    """Without cross_entropy: what the own pair lacks, along both axes."""
    logits = torch.cosine_similarity(images[:, None], texts[None], dim=-1)
    logits = logits * log_scale.exp()
    rows = logits.logsumexp(1) + logits.logsumexp(0) - 2 * logits.diagonal()
    return rows.mean() / 2


def pairs_by_softplus(
    images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor
) -> Tensor:
    """All pairs as wrong ones, then the own ones put right: the logit moves over."""
    u, v = normalize(images, dim=1), normalize(texts, dim=1)
    logits = torch.exp(log_scale) * (u @ v.T) + bias
    return (softplus(logits).sum() - logits.trace()) / images.shape[0]


@torch.enable_grad()
def slope_one_by_one(
    classifier: Classifier, xt: Tensor, t: Tensor, label: Tensor
) -> Tensor:
    """backward(), but for x alone; log p is minus the cross entropy."""
    found = []
    for x, time, own in zip(xt, t, label, strict=True):
        leaf = torch.nn.Parameter(x[None].clone())
        loss = cross_entropy(classifier(leaf, time[None]), own[None])
        loss.backward(inputs=[leaf])  # type: ignore[no-untyped-call]
        assert leaf.grad is not None
        found.append(-leaf.grad[0])
    return torch.stack(found)


def guided_lerp(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    return torch.lerp(unconditional, conditional, scale)


def guided_weights(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    return scale * conditional + (1 - scale) * unconditional


def drop_by_row(cond: Tensor, null: Tensor, chance: float, luck: Tensor) -> Tensor:
    kept = cond.clone()
    for i, own in enumerate(luck.tolist()):
        if own < chance:
            kept[i] = null
    return kept


class GuidedNeighbours:
    """An object that can be called; the two questions of a sample are neighbours."""

    def __init__(
        self, model: AnyModel, cond: Tensor, null: Tensor, scale: float
    ) -> None:
        self.model, self.scale, self.cond = model, scale, cond
        self.both = torch.stack([cond, null.expand_as(cond)], dim=1).flatten(0, 1)

    def __call__(self, xt: Tensor, t: Tensor) -> Tensor:
        if self.scale == 1:
            return self.model(xt, t, self.cond)
        pair = (xt.repeat_interleave(2, 0), t.repeat_interleave(2))
        y = self.model(*pair, self.both)
        return torch.lerp(y[1::2], y[::2], self.scale)


def null_first(model: AnyModel, cond: Tensor, null: Tensor, scale: float) -> AnyModel:
    def ask(xt: Tensor, t: Tensor) -> Tensor:
        if scale == 1:
            return model(xt, t, cond)
        both = torch.cat([null.expand_as(cond), cond])
        without, told = model(torch.cat([xt, xt]), torch.cat([t, t]), both).chunk(2)
        return without + scale * (told - without)

    return ask


RIGHT = {
    "04.1": (affine_draw,),
    "04.2": (kl_by_torch,),
    "04.3": (vae_by_likelihood,),
    "04.4": (WrittenOut, PlainPair),
    "04.5": (lpips, distance_by_products),
    "04.6": (hinge_where,),
    "04.7": (attention_einsum, attention_filled, attention_fused),
    "04.8": (patches_unfolded, patches_split),
    "04.9": (FilledTable,),
    "04.10": (end_masked, end_summed),
    "04.11": (clip_by_logsumexp,),
    "04.12": (pairs_by_softplus,),
    "04.13": (slope_one_by_one,),
    "04.14": (guided_lerp, guided_weights),
    "04.15": (drop_by_row,),
    "04.16": (GuidedNeighbours, null_first),
}
