"""A pipeline that wears a LoRA adapter, and the word that the adapter has learnt."""

import copy
import re
from pathlib import Path
from typing import Any

from torch import nn

from coursekit.models.lora import merged
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.pipeline import Pipeline
from coursekit.training import pretrained

MOST = 4.0  # times an adapter's own strength
STAND_IN = "brown"  # what the new word stands for while a wish is read
NEW_WORD = re.compile(r"\[v\]", re.IGNORECASE)


def adapter_card(name: str, folder: Path | None = None) -> dict[str, Any]:
    """The card of an adapter. Raises CheckpointError when it is not there,
    PipelineError when it is a whole network.
    """
    info = pretrained.card(name, folder)
    if info["model"].get("kind") != "LoRAConfig":
        other = "student: --student" if "most" in info else "whole network, no adapter"
        raise PipelineError(f"--adapter {name}: this is a {other}")
    return info


def check_base(pipe: Pipeline, info: dict[str, Any]) -> None:
    """PipelineError where a card tells of a base other than the pipeline's network."""
    base = pipe.parts.name
    digest = pretrained.card(base, pipe.folder)["sha256"][:12]
    if info["start"] != base or f"{base} {digest}" not in info["data"]:
        name = info["recipe"]
        raise PipelineError(f"{name} was made for another network than {base} here")


def worn(pipe: Pipeline, name: str, strength: float = 1.0) -> Pipeline:
    """The same pipeline with an adapter worked into a copy of its network.

    Strength 0 is the network as it was. Raises PipelineError for an adapter of another
    network, CheckpointError for one that is not there or damaged.
    """
    check_base(pipe, adapter_card(name, pipe.folder))
    model = copy.deepcopy(pipe.parts.model)
    assert isinstance(model, nn.Module)
    adapter = pretrained.load_model(name, folder=pipe.folder).state_dict()
    model.load_state_dict(merged(model.state_dict(), adapter, strength))
    return pipe.with_parts(model=model)
