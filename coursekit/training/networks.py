"""From the config of a network to the network, and to a card and back."""

from dataclasses import asdict, fields, is_dataclass
from typing import Any

from torch import nn

from coursekit.models.autoencoder import Autoencoder, AutoencoderConfig
from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.edit_planner import EditPlanner, PlannerConfig
from coursekit.models.local_convnet import LocalConfig, LocalNet
from coursekit.models.lora import LoRAConfig, fresh_adapter
from coursekit.models.mmdit import MMDiT, MMDiTConfig
from coursekit.models.noisy_classifier import ClassifierConfig, NoisyClassifier
from coursekit.models.reference_tokens import ReferenceConfig, ReferenceMMDiT
from coursekit.models.strided import StudentConfig
from coursekit.models.text_encoder import TextConfig
from coursekit.models.token_transformer import TokenConfig, TokenTransformer
from coursekit.models.uit import UiT, UiTConfig
from coursekit.models.unet import UNet, UNetConfig
from coursekit.models.video_autoencoder import (
    VideoAutoencoder,
    VideoAutoencoderConfig,
)
from coursekit.models.video_transformer import VideoDiT, VideoDiTConfig
from coursekit.models.vit import ViTConfig
from coursekit.models.watermark import Watermark, WatermarkConfig

NETWORKS: dict[type, Any] = {
    UNetConfig: UNet,
    AutoencoderConfig: Autoencoder,
    CLIPConfig: CLIP,
    DiTConfig: DiT,
    LocalConfig: LocalNet,
    MMDiTConfig: MMDiT,
    ReferenceConfig: ReferenceMMDiT,
    LoRAConfig: fresh_adapter,
    StudentConfig: fresh_adapter,
    ClassifierConfig: NoisyClassifier,
    TokenConfig: TokenTransformer,
    UiTConfig: UiT,
    PlannerConfig: EditPlanner,
    VideoAutoencoderConfig: VideoAutoencoder,
    VideoDiTConfig: VideoDiT,
    WatermarkConfig: Watermark,
}
_PARTS = {
    "text": TextConfig,
    "image": ViTConfig,
    "base": MMDiTConfig,
    "picture": AutoencoderConfig,
}  # configs inside configs


def build(config: Any) -> nn.Module:
    """The network of a config, with fresh weights from torch's global generator."""
    network: nn.Module = NETWORKS[type(config)](config)
    return network


def to_plain(config: Any) -> dict[str, Any]:
    """A config as a card keeps it: its kind and its values."""
    return {"kind": type(config).__name__, **asdict(config)}


def from_plain(values: dict[str, Any]) -> Any:
    """The config of a card; one without a kind is a U-Net's.

    Raises ValueError for a kind that is not in `NETWORKS`, TypeError for values that
    the config does not have.
    """
    kinds = {kind.__name__: kind for kind in NETWORKS}
    kind = values.get("kind", "UNetConfig")
    if kind not in kinds:
        raise ValueError(f"no network {kind!r}: there are {', '.join(kinds)}")
    return _config(kinds[kind], {k: v for k, v in values.items() if k != "kind"})


def _config(kind: type, values: dict[str, Any]) -> Any:
    """Lists become tuples, and what belongs to a config inside becomes one."""
    known = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
    ready = {}
    for name, value in values.items():
        if name in _PARTS and isinstance(value, dict):
            value = _config(_PARTS[name], value)
        ready[name] = tuple(value) if isinstance(value, list) else value
    if set(ready) - known:
        raise TypeError(f"{kind.__name__} has no {', '.join(set(ready) - known)}")
    return kind(**ready)
