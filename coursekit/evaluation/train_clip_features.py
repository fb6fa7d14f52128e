"""Train the two encoders of clips whose features serve the Fréchet distance.

`python -m coursekit.evaluation.train_clip_features` takes about seven minutes on one
core, drawing included.
"""

import json
import time
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import cross_entropy

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.clip_encoder import (
    TAUGHT,
    ClipEncoder,
    as_clips,
    clip_targets,
)
from coursekit.evaluation.clip_features import FOLDER
from coursekit.evaluation.clip_measures import Clips
from coursekit.weights import write_weights

CLIPS, TESTED = 4000, 500
STEPS, BATCH, RATE, SEED = 2400, 32, 2e-3, 0


def drawn(count: int, seed: int, split: str) -> tuple[Clips, dict[str, Tensor]]:
    """Clips of 17 frames and what is true of them: name -> (count,)."""
    clips = sample_clips(count, seed, split=split)
    rows = [clip_targets(clip) for clip in clips]
    truth = {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}
    return draw_clips(clips), truth


def answer_loss(answers: dict[str, Tensor], truth: dict[str, Tensor]) -> Tensor:
    """Cross-entropies of words and squared errors of numbers; nan asks nothing."""
    parts = []
    for name, found in answers.items():
        asked = ~truth[name].isnan()
        if not asked.any():
            continue
        right, given = truth[name][asked], found[asked]
        if found.shape[1] > 1:
            parts.append(cross_entropy(given, right.long()))
        else:
            parts.append((given[:, 0] - right).square().mean())
    return torch.stack(parts).sum()


def train_encoder(
    name: str, clips: Clips, truth: dict[str, Tensor], steps: int = STEPS
) -> ClipEncoder:
    """A network of TAUGHT that has learnt from clips. truth: see `drawn`."""
    torch.manual_seed(SEED)
    net = ClipEncoder(TAUGHT[name])
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    for _ in range(steps):
        rows = torch.randint(len(clips), (BATCH,))
        told = {key: truth[key][rows] for key in TAUGHT[name]}
        loss = answer_loss(net(as_clips(clips[rows.numpy()])), told)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    return net.eval()


@torch.inference_mode()
def scores(
    net: ClipEncoder, clips: Clips, truth: dict[str, Tensor]
) -> dict[str, float]:
    """The share of right words, and the root mean squared error of numbers."""
    parts = [net(as_clips(clips[i : i + 100])) for i in range(0, len(clips), 100)]
    result = {}
    for name in net.heads:
        found, right = torch.cat([part[name] for part in parts]), truth[name]
        asked = ~right.isnan()
        if found.shape[1] > 1:
            value = (found.argmax(1) == right)[asked].float().mean()
        else:
            value = (found[:, 0] - right)[asked].square().mean().sqrt()
        result[name] = round(float(value), 4)
    return result


def main(folder: Path = FOLDER) -> None:
    """Train, measure and write weights (bf16) and cards."""
    torch.set_num_threads(1)
    clips, truth = drawn(CLIPS, SEED, "train")
    test, test_truth = drawn(TESTED, SEED + 1, "test")
    for name in TAUGHT:
        start = time.process_time()
        net = train_encoder(name, clips, truth)
        seconds = time.process_time() - start
        content = save({k: v.bfloat16() for k, v in net.state_dict().items()})
        card = {
            "what": f"encoder of clips, taught {name}: 64 features for a distance",
            "taught": list(TAUGHT[name]),
            "data": f"{CLIPS} clips of 17 frames, 32 pixels; {TESTED} to test",
            "test": scores(net, test, test_truth),
            "samples_seen": STEPS * BATCH,
            "seed": SEED,
            "torch": torch.__version__,
            "seconds": round(seconds),
            **write_weights(folder / f"clips-{name}", content),
        }
        text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
        (folder / f"clips-{name}" / "card.json").write_text(text, encoding="utf-8")
        print(text)


if __name__ == "__main__":
    main()
