"""Our autoencoder of clips beside Wan's: same clips, same seconds of one core.

    python benchmarks/clip_autoencoder.py [--seconds 240] [--lr 1e-3] [--threads 1]
        [--precision bf16] [--ways wan scratch grown]

Wan's is diffusers' AutoencoderKLWan, made small: base 24, multipliers 1, 2, 2, one
block a level, both strides in time, so that it takes 1 + 4 k frames of 32 x 32 to 16
channels of (1 + k) x 8 x 8, as ours does. Equal are the clips and their order, the
batch of 4, AdamW, its rate and its fall to 0 over the seconds, and the loss: mean
square of pixels and a little KL, nothing that counts moving pixels more. Rates are
tried one by one: the best row of each is its result. "scratch" is `video-vae` with new
weights, "grown" begins with the pictures' part trained (`teddy-vae`, whose time is not
counted). Seconds are those of the processor: a neighbour takes none.

Printed as they go: seconds, steps, PSNR of held-out clips, milliseconds of a step. Not
installed here? pip install -e '.[parity]' -c constraints.txt
"""

import argparse
import importlib
import math
import time
from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.rebuilt_clips import held_out_clips, to_clip
from coursekit.models.unet import count_parameters
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.theory.vae import kl_to_normal
from coursekit.training.recipes_video import VIDEO_VAE

LATENT, BETA, BATCH, CLIPS, JUDGED = 16, 1e-5, 4, 1000, 48
MARKS = (30, 60, 120, 240, 480, 960)  # seconds after which it is judged
Bells = tuple[Tensor, Tensor]  # mean and log variance
Codec = tuple[Callable[[Tensor], Bells], Callable[[Tensor], Tensor]]


def ours(grown: bool) -> tuple[nn.Module, Codec]:
    """The network of `video-vae`, to latents and back."""
    net = cast(VideoAutoencoder, VIDEO_VAE.build(VIDEO_VAE.cpu.model))
    if grown:
        VIDEO_VAE.begin(net)
    return net, (
        lambda x: cast(Bells, net.squeeze(net.see(x))),
        lambda z: cast(Tensor, net.show(net.grow(z))),
    )


def wan() -> tuple[nn.Module, Codec]:
    """diffusers' autoencoder, as small."""
    peer = importlib.import_module("diffusers")
    net: Any = peer.AutoencoderKLWan(
        base_dim=24,
        z_dim=LATENT,
        dim_mult=[1, 2, 2],
        num_res_blocks=1,
        temperal_downsample=[True, True],
        latents_mean=[0.0] * LATENT,
        latents_std=[1.0] * LATENT,
    )

    def encode(x: Tensor) -> Bells:
        bells = net.encode(x).latent_dist
        return bells.mean, bells.logvar

    return net, (encode, lambda z: cast(Tensor, net.decode(z).sample))


@torch.no_grad()
def decibels(codec: Codec, clips: Tensor) -> float:
    """Mean PSNR of clips in [-1, 1], one value for each clip."""
    back = torch.cat([codec[1](codec[0](part)[0]) for part in torch.split(clips, 8)])
    error = ((back.clamp(-1, 1) - clips) / 2).square().flatten(1).mean(1)
    return float(-10 * error.log10().mean())


def run(way: str, clips: Tensor, judged: Tensor, args: argparse.Namespace) -> None:
    """Train one of them for so many seconds, and print what comes of it."""
    torch.manual_seed(0)
    net, codec = wan() if way == "wan" else ours(way == "grown")
    learnt = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learnt, args.lr)
    order = torch.Generator().manual_seed(0)
    low, spent, step = args.precision == "bf16", 0.0, 0
    marks = [mark for mark in MARKS if mark < args.seconds]

    def say() -> None:
        print(
            f"{way:8} {args.precision} lr {args.lr:g} {count_parameters(net):9,} "
            f"weights {spent:5.0f} s {step:5} steps {decibels(codec, judged):6.2f} dB "
            f"{1000 * spent / step:6.0f} ms a step",
            flush=True,
        )

    while spent < args.seconds:
        begin = time.process_time()
        fall = 0.5 * (1 + math.cos(math.pi * spent / args.seconds))
        for group in optimiser.param_groups:
            group["lr"] = args.lr * min(1, (step + 1) / 20) * fall
        x = clips[torch.randint(len(clips), (BATCH,), generator=order)]
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            mean, log_var = codec[0](x)
            back = codec[1](mean + (log_var / 2).exp() * torch.randn_like(mean))
        kl = kl_to_normal(mean.float(), log_var.float()).mean() / mean[0].numel()
        loss = (back.float() - x).square().mean() + BETA * kl
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, 1.0)
        optimiser.step()
        spent, step = spent + time.process_time() - begin, step + 1
        if marks and spent >= marks[0]:
            marks.pop(0)
            say()
    say()


def main() -> None:
    """Draw the clips once, then one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=("float32", "bf16"), default="float32")
    ways = ("wan", "scratch", "grown")
    parser.add_argument("--ways", nargs="+", choices=ways, default=ways)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    chosen = sample_clips(CLIPS, 0, 17, walkers=0.5)
    clips = to_clip(torch.from_numpy(draw_clips(chosen, 17, 32)))
    judged = to_clip(torch.from_numpy(held_out_clips(JUDGED, 17, 32)[0]))
    for way in args.ways:
        run(way, clips, judged, args)


if __name__ == "__main__":
    main()
