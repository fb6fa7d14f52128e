"""From a network and what was asked for to a belief that samplers can follow."""

import torch
from torch import Tensor

from coursekit.pipeline.boxes import Boxes, PipelineError
from coursekit.pipeline.parts import Classifier, Parts
from coursekit.theory.guidance import classifier_free, classifier_guided
from coursekit.theory.paths import LinearPath, Path, expand_as
from coursekit.theory.prediction import Predict, Prediction, complete, denoiser


def belief(boxes: Boxes, parts: Parts, cond: Tensor | None) -> Predict:
    """predict(xt, t) of a pipeline: the network, its guide, and for pixels their range.

    cond: (B,) labels or (B, L) token ids for batches of B, None if nothing is told.
    """
    model = parts.model
    if boxes.guidance == "classifier":
        if parts.classifier is None or cond is None:
            raise PipelineError("guidance by a classifier needs one, and a class")
        predict = denoiser(model, parts.path, parts.predicts)
        judge = on_path(parts.classifier, parts.path)
        predict = classifier_guided(predict, judge, cond, boxes.scale, parts.path)
    elif cond is None:
        predict = denoiser(model, parts.path, parts.predicts)
    else:
        if parts.null is None:
            raise PipelineError(f"{parts.name} is told nothing: leave the prompt out")
        scale = boxes.scale if boxes.guidance == "classifier-free" else 1.0
        asked = classifier_free(model, cond, parts.null, scale)
        predict = denoiser(asked, parts.path, parts.predicts)
    if boxes.representation == "pixels":
        return within_range(predict, parts.path)
    return predict


def within_range(predict: Predict, path: Path) -> Predict:
    """The same belief with x0 clamped to [-1, 1] and the rest made to fit it.

    Where there is no noise left to make up for it, the belief stays as it is.
    """

    def clamped(xt: Tensor, t: Tensor) -> Prediction:
        free = predict(xt, t)
        time = t.double()
        sigma = expand_as(path.sigma(time), xt)
        noisy = sigma > 0
        x0 = torch.where(noisy, free.x0.clamp(-1, 1), free.x0)
        rest = (xt - expand_as(path.alpha(time), xt) * x0) / sigma.clamp(min=1e-12)
        return complete(x0, torch.where(noisy, rest, free.eps), t, path)

    return clamped


def on_path(classifier: Classifier, path: Path) -> Classifier:
    """A classifier of the straight path, asked on another one.

    xt = alpha x0 + sigma eps carries the same news as xt / (alpha + sigma), which lies
    on the straight path at the time sigma / (alpha + sigma): the same picture with the
    same share of noise. So log p(label | xt) is the same number, and its slope follows.
    """
    if isinstance(path, LinearPath):
        return classifier

    def ask(xt: Tensor, t: Tensor) -> Tensor:
        time = t.double()
        alpha, sigma = path.alpha(time), path.sigma(time)
        total = alpha + sigma
        return classifier(xt / expand_as(total, xt), (sigma / total).to(xt.dtype))

    return ask
