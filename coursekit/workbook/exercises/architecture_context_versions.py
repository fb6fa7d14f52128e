"""Wrong and right versions of 05.8 in_context."""

import torch
from torch import Tensor

from coursekit.checks.spec import Mutant, Variant
from coursekit.models.dit import in_context

Answer = tuple[Tensor, Tensor | None, int]
TRIPLE = "it must return three things: the sequence, the angles, and how many"


def _behind(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    extra = [vector[:, None]] if tokens is None else [vector[:, None], tokens]
    count = sum(part.shape[1] for part in extra)
    if angles is not None:
        angles = torch.cat([angles, angles.new_zeros(count, angles.shape[1])])
    return torch.cat([x, *extra], dim=1), angles, count


def _prompt_first(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    _, turned, count = in_context(x, angles, vector, tokens)
    extra = [vector[:, None]] if tokens is None else [tokens, vector[:, None]]
    return torch.cat([*extra, x], dim=1), turned, count


def _added(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    x = x + vector[:, None]
    if tokens is None:
        return x, angles, 0
    count = tokens.shape[1]
    if angles is not None:
        angles = torch.cat([angles.new_zeros(count, angles.shape[1]), angles])
    return torch.cat([tokens, x], dim=1), angles, count


def _short_angles(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, _, count = in_context(x, angles, vector, tokens)
    return sequence, angles, count


def _unit_angles(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, turned, count = in_context(x, angles, vector, tokens)
    if turned is not None:
        turned = torch.cat([torch.ones_like(turned[:count]), turned[count:]])
    return sequence, turned, count


def _zeros_behind(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, turned, count = in_context(x, angles, vector, tokens)
    if turned is not None:
        turned = torch.cat([turned[count:], turned[:count]])
    return sequence, turned, count


def _prompt_only_counted(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, turned, count = in_context(x, angles, vector, tokens)
    return sequence, turned, count - 1


def _all_counted(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, turned, _ = in_context(x, angles, vector, tokens)
    return sequence, turned, sequence.shape[1]


def _needs_a_prompt(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor
) -> Answer:
    sequence = torch.cat([vector[:, None], tokens, x], dim=1)
    count = 1 + tokens.shape[1]
    if angles is not None:
        angles = torch.cat([angles.new_zeros(count, angles.shape[1]), angles])
    return sequence, angles, count


def _needs_angles(
    x: Tensor, angles: Tensor, vector: Tensor, tokens: Tensor | None
) -> Answer:
    sequence, _, count = in_context(x, None, vector, tokens)
    still = torch.zeros(count, angles.shape[1], dtype=angles.dtype)
    return sequence, torch.cat([still, angles]), count


def _two_things(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    return in_context(x, angles, vector, tokens)[:2]


def _padded(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    front = vector.unsqueeze(1)
    if tokens is not None:
        front = torch.cat((front, tokens), dim=1)
    before = front.size(1)
    if angles is not None:
        angles = torch.nn.functional.pad(angles, (0, 0, before, 0))
    return torch.cat((front, x), dim=1), angles, before


def _filled(
    x: Tensor, angles: Tensor | None, vector: Tensor, tokens: Tensor | None
) -> Answer:
    words = 0 if tokens is None else tokens.shape[1]
    sequence = x.new_empty(len(x), 1 + words + x.shape[1], x.shape[2])
    sequence[:, 0] = vector
    if tokens is not None:
        sequence[:, 1 : 1 + words] = tokens
    sequence[:, 1 + words :] = x
    if angles is None:
        return sequence, None, 1 + words
    turned = angles.new_zeros(sequence.shape[1], angles.shape[1])
    turned[1 + words :] = angles
    return sequence, turned, 1 + words


MUTANTS = (
    Mutant(
        "behind",
        _behind,
        "the condition is put behind the patches: put it in front",
    ),
    Mutant(
        "prompt before the vector",
        _prompt_first,
        "the prompt's tokens come before the vector: the vector is first",
    ),
    Mutant(
        "added",
        _added,
        "the vector is added to the patches: it is a token of its own here",
    ),
    Mutant(
        "angles as before",
        _short_angles,
        "there are fewer angles than tokens: what was put in front needs some too, "
        "zeros",
    ),
    Mutant(
        "angles of 1",
        _unit_angles,
        "the tokens in front have the angle 1: at angle 0 nothing turns",
    ),
    Mutant(
        "zeros behind",
        _zeros_behind,
        "the zeros stand behind the patches' angles: sequence and angles must be "
        "in the same order",
    ),
    Mutant(
        "one too few",
        _prompt_only_counted,
        "the vector is not counted: it is a token in front, too",
    ),
    Mutant(
        "all counted",
        _all_counted,
        "all tokens are counted: only those in front of the patches are asked for",
    ),
    Mutant(
        "no prompt, no answer",
        _needs_a_prompt,
        "it fails without a prompt: tokens may be None, the vector is then alone "
        "in front",
    ),
    Mutant(
        "no angles, no answer",
        _needs_angles,
        "it fails without angles: they may be None, and stay so",
    ),
    Mutant("two things", _two_things, TRIPLE),
)

VARIANTS = (
    Variant("padded", _padded),
    Variant("filled", _filled),
)
