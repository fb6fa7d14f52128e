"""Contrastive losses: a picture and its own text belong together, all others do not."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid, normalize


def similarities(images: Tensor, texts: Tensor) -> Tensor:
    """The cosine of every picture with every text: (B, D) and (N, D) to (B, N)."""
    return normalize(images, dim=-1) @ normalize(texts, dim=-1).T


def clip_loss(images: Tensor, texts: Tensor, log_scale: Tensor) -> Tensor:
    """Each picture must find its text among all, and each text its picture.

    The logits are exp(log_scale) times the cosines. The loss is the mean of two cross
    entropies: over the texts for each picture, and over the pictures for each text
    (Radford et al. 2021, figure 3). Row i of both belongs together.

    images, texts: (B, D), of any length; log_scale: (). Returns ().
    """
    logits = log_scale.exp() * similarities(images, texts)
    own = torch.arange(len(logits), device=logits.device)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def sigmoid_loss(
    images: Tensor, texts: Tensor, log_scale: Tensor, bias: Tensor
) -> Tensor:
    """Every pair by itself: own or not? (SigLIP, Zhai et al. 2023, algorithm 1.)

    The logit of a pair is exp(log_scale) times its cosine, plus bias. Its label z is +1
    for a picture and its own text (row i of both), -1 for any other. The loss is
    -log sigmoid(z * logit), summed over all B^2 pairs and divided by B.

    images, texts: (B, D), of any length; log_scale, bias: (). Returns ().
    """
    logits = log_scale.exp() * similarities(images, texts) + bias
    own = 2 * torch.eye(len(logits), dtype=logits.dtype, device=logits.device) - 1
    return -logsigmoid(own * logits).sum() / len(logits)


def recall_at_1(images: Tensor, texts: Tensor) -> tuple[float, float]:
    """How often the nearest text is the own one, and how often the nearest picture.

    images, texts: (N, D); row i belongs together. Returns two shares in [0, 1].
    """
    table = similarities(images, texts)
    own = torch.arange(len(table), device=table.device)
    found_text = (table.argmax(dim=1) == own).double().mean()
    found_image = (table.argmax(dim=0) == own).double().mean()
    return float(found_text), float(found_image)
