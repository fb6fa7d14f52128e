"""Figure 09.R: what a film loses when each of its clips starts with the last one's end.

A true clip of 17 frames, then clip after clip from the network `video`, each with the
last frames of the one before as its clean beginning. The true film goes on as its bear
does, so every frame has a truth.
"""

import itertools
from collections.abc import Collection, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_scene import Clip
from coursekit.datasets.teddy.clip_words import TOLD, clip_caption, frame_words
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.datasets.teddy.reader import attributes
from coursekit.evaluation.clip_measures import Clips, frame_error, motion
from coursekit.evaluation.clip_sampling import READ, latents_of_words
from coursekit.evaluation.rebuilt_clips import from_clip, to_clip
from coursekit.experiments.summary import Result, columns, mean, prefixed
from coursekit.models.video_autoencoder import STRIDE, VideoAutoencoder
from coursekit.theory.chaining import chain, joined, last_frames
from coursekit.training.pretrained import load_model
from coursekit.training.recipe_clips import JUDGED

MODEL, LATENTS = "video", "video-vae"
FRAMES, PARTS = 17, 5  # of a clip; how often as many frames as a clip adds follow
MADE = FRAMES - 1  # frames of a part
CONTEXTS = (1, 2, 4)  # latents
UNTOLD = ("motion",)  # what captions tell: nothing of what is to stay


def overlap(known: int) -> int:
    """Frames that a context of `known` latents holds."""
    return 1 + STRIDE * (known - 1)


def chained(
    model: nn.Module,
    net: VideoAutoencoder,
    start: Clips,
    captions: Sequence[str],
    known: int,
    links: int,
) -> Clips:
    """Films: each true clip of `start` (N, 17, H, W, 3), and `links` more behind it.

    known: latents of context. The network is not guided.
    """
    shape, numbers = net.latent_shape(FRAMES, *start.shape[2:4]), itertools.count()

    def go_on(context: Tensor) -> Tensor:
        return latents_of_words(
            model, captions, shape, context, scale=1.0, seed=next(numbers)
        )

    def context_of(latents: Tensor) -> Tensor:
        return last_frames(latents, known, net.encode, net.decode)

    with torch.no_grad():
        first = net.encode(to_clip(torch.from_numpy(start)))
        clips = chain(go_on, context_of, first, links)
        return from_clip(joined([net.decode(z) for z in clips], overlap(known)))


def copied(net: VideoAutoencoder, start: Clips, links: int) -> Clips:
    """The control without a network: the last frame, encoded and decoded again and
    again, shown for as long as a clip."""
    with torch.no_grad():
        shown = net.decode(net.encode(to_clip(torch.from_numpy(start))))
        for _ in range(links):
            copy = net.decode(net.encode(shown[:, :, -1:]))
            shown = torch.cat([shown, copy.expand(-1, -1, MADE, -1, -1)], dim=2)
    return from_clip(shown)


def judged(films: Clips, truth: Clips, clips: Sequence[Clip]) -> Result:
    """What each part of the films shows: lists over parts, the true clip first.

    `right`: of place, fur and hat, over frames; its standard error over films; `error`
    of pixels; `motion`; `flicker`: neighbours that differ in place, fur or hat.
    """
    words = [frame_words(clip, 0) for clip in clips]
    rows = list[Result]()
    for part in range(films.shape[1] // MADE):
        here = slice(part * MADE, (part + 1) * MADE + 1)
        seen, frames = films[:, here], films[:, here].shape[1]
        read = attributes(seen.reshape(-1, *seen.shape[2:]))
        right = np.zeros((len(READ), len(clips), frames))
        change = np.zeros((len(READ), len(clips), frames - 1))
        for i, name in enumerate(READ):
            found = read[name].reshape(len(clips), frames)
            right[i] = found == np.array([[word[name]] for word in words])
            change[i] = found[:, 1:] != found[:, :-1]
        each = right[:, :, 1:].mean(axis=(0, 2))
        rows.append(
            {
                **{"right": float(each.mean()), "flicker": float(change.mean())},
                "right_error": float(each.std(ddof=1) / len(each) ** 0.5),
                "error": mean(frame_error(seen, truth[:, here])[1:].tolist()),
                "motion": motion(seen),
            }
        )
    return dict(columns(rows))


def ways() -> dict[str, tuple[int, Collection[str]]]:
    """Name -> latents of context, and what the captions tell."""
    untold = {f"last_{overlap(known)}": (known, UNTOLD) for known in CONTEXTS}
    return {**untold, "told": (1, TOLD)}


def measure(quick: bool = False) -> Result:
    """Everything of 09.R.

    Keys: for each of `ways` (last_1, last_5, last_13: frames of context, with a caption
    that names the motion only; "told": one frame, all words) and "copy", the control:
    `{way}_right`, `_right_error`, `_error`, `_motion`, `_flicker`, over parts of `part`
    frames, the true clip through the autoencoder first; `{way}_links`, how many clips
    were made; `true_motion`; `films` of each way.
    """
    count, parts = (3, 1) if quick else (24, PARTS)
    model, net = load_model(MODEL), load_model(LATENTS)
    assert isinstance(net, VideoAutoencoder)
    clips = sample_clips(count, JUDGED, FRAMES, walkers=0, split="test")
    truth = draw_clips(clips, FRAMES + MADE * parts)
    start = truth[:, :FRAMES]
    result: Result = {"part": MADE, "films": count, "true_motion": motion(truth)}
    for name, (known, told) in ways().items():
        links = -(-MADE * parts // (FRAMES - overlap(known)))
        captions = [clip_caption(clip, told) for clip in clips]
        films = chained(model, net, start, captions, known, links)
        found = judged(films[:, : truth.shape[1]], truth, clips)
        result |= prefixed(name, {"links": links, **found})
    return result | prefixed("copy", judged(copied(net, start, parts), truth, clips))
