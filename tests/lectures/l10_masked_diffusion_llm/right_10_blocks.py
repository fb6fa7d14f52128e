"""Right versions of the exercises of 10.6 to 10.8 and 10.12, in other styles."""

import torch
from torch import Tensor

from coursekit.checks.spec import Function
from coursekit.models.flops import token_pass
from coursekit.theory.block_diffusion import block_logits


def pair_by_pair(prompt: int, length: int, size: int) -> Tensor:
    if size < 1 or length < 1:
        raise ValueError("size")
    total = 2 * length + prompt
    found = torch.zeros(total, total, dtype=torch.bool)

    def kind(i):
        if i < length:
            return "noisy", i // size
        place = i - length - prompt
        return "clean", -1 if place < 0 else place // size

    for i in range(total):
        for j in range(total):
            (who, mine), (whom, other) = kind(i), kind(j)
            if whom == "noisy":
                found[i, j] = who == "noisy" and mine == other
            else:
                found[i, j] = other < mine or (who == "clean" and mine == other)
    return found


def by_hand(network, x0, xt, masked, t, prompt, size):
    log_p = block_logits(network, x0, xt, prompt, size).log_softmax(-1)
    told = log_p.gather(-1, x0[:, prompt:, None])[..., 0]
    return -(told * masked[:, prompt:] / t[:, prompt:]).sum(1)


def pass_by_pass(config, prompt, length, size, by_block):
    """Every pass alone; the prompt is a block of its own before the others."""
    total, held, before = 0, 0, prompt
    for start, passes in zip(range(0, length, size), by_block, strict=False):
        new = min(start + size, length) - start
        for n in range(passes):
            total += token_pass(config, new if n else before + new, held).flops
            held += 0 if n else before
        before = new
    return total


def by_sums(logits, log_p, where):
    log_q = torch.log_softmax(logits, -1)
    each = (log_q.exp() * (log_q - log_p)).sum(-1)
    return torch.where(where, each, 0.0).sum() / max(1, int(where.sum()))


def by_powers_of_laws(with_prompt, without_prompt, scale):
    p, q = (x.double().softmax(-1) for x in (with_prompt, without_prompt))
    possible = (p > 0) & (q > 0)
    odds = torch.where(possible, q * (p / q) ** scale, 0.0)
    return (odds / odds.sum(-1, keepdim=True)).log().to(with_prompt.dtype)


RIGHT: dict[str, tuple[Function, ...]] = {
    "10.18": (pair_by_pair,),
    "10.20": (by_hand,),
    "10.21": (pass_by_pass,),
    "10.24": (by_sums,),
    "10.34": (by_powers_of_laws,),
}
