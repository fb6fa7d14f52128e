"""How large clips, autoencoders and transformers are, here and elsewhere.

Sources. Wan 2.1 (Wan Team 2025, "Wan: Open and Advanced Large-Scale Video Generative
Models", sections 4.1 and 4.2): strides, channels and patch; width, depth, heads and
hidden width as in its code, wan/configs/wan_t2v_1_3B.py and wan_t2v_14B.py. LTX-Video
(HaCohen et al. 2024, "LTX-Video: Realtime Video Latent Diffusion", sections 2.1 and
2.2): strides, channels and patch; width, depth and heads as in the configuration that
ships with its first weights.
"""

from dataclasses import replace
from typing import NamedTuple

from coursekit.models.flops import attention
from coursekit.models.video_cost import video_pass
from coursekit.models.video_transformer import VideoDiTConfig
from coursekit.training.recipes_clips import VIDEO


class Codec(NamedTuple):
    """What an autoencoder of clips and the patches behind it make of a clip."""

    time: int  # frames that share a latent, the first frame apart
    space: int  # sides of a latent are so many times smaller
    channels: int
    patch: int = 1  # sides of a patch of latents: one token

    def latents(self, frames: int, height: int, width: int) -> tuple[int, int, int]:
        """(T, h, w) of a clip's latents. Raises ValueError for what does not fit."""
        if (frames - 1) % self.time or height % self.space or width % self.space:
            raise ValueError(
                f"{frames} x {height} x {width}: 1 + {self.time} k frames, and sides "
                f"that are multiples of {self.space}"
            )
        sides = height // self.space, width // self.space
        return 1 + (frames - 1) // self.time, *sides

    @property
    def ratio(self) -> float:
        """Numbers of the clip for each number of its latents, the first frame apart."""
        return 3 * self.time * self.space**2 / self.channels

    @property
    def pixels(self) -> int:
        """Pixels of the clip that one token stands for."""
        return self.time * (self.space * self.patch) ** 2


CODECS = {
    "ours": Codec(time=4, space=4, channels=16, patch=2),
    "Wan 2.1": Codec(time=4, space=8, channels=16, patch=2),
    "LTX-Video": Codec(time=8, space=32, channels=128),
}
NETWORKS: dict[str, VideoDiTConfig] = {
    "ours": VIDEO.cpu.model,
    "Wan 2.1, 1.3 B": VideoDiTConfig(width=1536, depth=30, heads=12, ratio=8960 / 1536),
    "Wan 2.1, 14 B": VideoDiTConfig(width=5120, depth=40, heads=40, ratio=13824 / 5120),
    "LTX-Video": VideoDiTConfig(channels=128, patch=1, width=2048, depth=28, heads=32),
}


def fitted(network: VideoDiTConfig, codec: Codec, attention: str) -> VideoDiTConfig:
    """The network on the latents of a codec, with one kind of attention."""
    return replace(
        network,
        channels=codec.channels,
        patch=codec.patch,
        attention=attention,
        times=0,
    )


def kept_bytes(config: VideoDiTConfig, latents: tuple[int, int, int]) -> float:
    """What one step of training keeps of one clip in bf16, attention fused."""
    return 2.0 * video_pass(config, *latents).kept


def frame_by_frame(config: VideoDiTConfig, latents: tuple[int, int, int]) -> int:
    """FLOPs of one pass over each frame in turn, keys of earlier ones kept.

    So a causal network goes through a clip: no frame looks at a later one, and nothing
    is computed for pairs that a mask would throw away.
    """
    frames, height, width = latents
    each = height * width // config.patch**2
    whole = video_pass(replace(config, attention="full"), *latents)
    seen = sum(
        attention(each, config.width, each * (i + 1)).flops for i in range(frames)
    )
    unseen = attention(whole.tokens, config.width).flops - seen
    return whole.flops - config.depth * unseen
