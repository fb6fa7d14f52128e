"""Figure 04.K: what the cards of notebook 04's trained networks say, made quotable.

Nothing is measured here. Publishing a checkpoint measured it, once, on held-out data,
and wrote the figures on its card; this collects them. One training each: they describe
these networks, they are no statistics.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coursekit.pipeline.catalogue import is_there
from coursekit.training.pretrained import card

NAMES = (
    "teddy-vae",
    "teddy-clip",
    "teddy-prompts",
    "teddy-flow",
    "teddy-dit",
    "fashion-classes",
    "fashion-classifier",
    "fashion-clean-classifier",
)


def flat(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Nested figures as (key_inner, figure) pairs: numbers and texts, not lists."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{key}_{name}".replace("t=", "t"))
    elif not isinstance(value, list):
        yield key, value


def measure(
    names: Sequence[str] = NAMES, folder: Path | None = None
) -> dict[str, str | float]:
    """Everything of 04.K, for those of NAMES that are trained.

    `{name}_{figure}`, with _ for the - of the name: what `Recipe.measure` found, such
    as `teddy_clip_image_to_text` or `fashion_classifier_accuracy_t0.5`; `{name}_steps`,
    `{name}_profile` and `{name}_sha256`, to know which training it was.
    """
    result: dict[str, str | float] = {}
    for name in names:
        if not is_there(name, folder):
            continue
        info, prefix = card(name, folder), name.replace("-", "_")
        result |= dict(flat(info["evaluation"], prefix))
        for fact in ("steps", "profile", "sha256"):
            result[f"{prefix}_{fact}"] = info[fact]
    return result
