"""Train the Fashion-MNIST classifier whose features serve the Fréchet distance.

`python -m coursekit.evaluation.train_features` takes about two minutes on one core.
"""

import json
import time
from pathlib import Path

import torch
from safetensors.torch import save

from coursekit.datasets import fashion
from coursekit.datasets.images import to_model
from coursekit.evaluation.features import FOLDER, FashionClassifier
from coursekit.weights import write_weights

EPOCHS, BATCH, RATE, SEED = 3, 64, 2e-3, 0


def train_classifier() -> tuple[FashionClassifier, float, int, str]:
    """Network, accuracy on the whole test part, pictures seen, which data."""
    try:
        images, labels = fashion.load("train", full=True)
        test_images, test_labels = fashion.load("test", full=True)
    except fashion.DataError:
        images, labels = fashion.load("train")
        test_images, test_labels = fashion.load("test")
    torch.manual_seed(SEED)
    net = FashionClassifier()
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE)
    steps = EPOCHS * len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    x, y = torch.from_numpy(images), torch.from_numpy(labels).long()
    for step in range(steps):
        if step * BATCH % len(x) < BATCH:
            order = torch.randperm(len(x))
        start = step * BATCH % len(x)
        chosen = order[start : start + BATCH]
        loss = torch.nn.functional.cross_entropy(net(to_model(x[chosen])), y[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    net.eval()
    with torch.inference_mode():
        starts = range(0, len(test_images), 500)
        parts = [net(to_model(test_images[i : i + 500])) for i in starts]
    guessed = torch.cat(parts).argmax(1)
    accuracy = float((guessed == torch.from_numpy(test_labels)).float().mean())
    data = f"{len(images)} train and {len(test_images)} test pictures of Fashion-MNIST"
    return net, accuracy, steps * BATCH, data


def main(folder: Path = FOLDER) -> None:
    """Train, measure and write weights (bf16) and card."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    net, accuracy, seen, data = train_classifier()
    content = save({k: v.bfloat16() for k, v in net.state_dict().items()})
    card = {
        "what": "Fashion-MNIST classifier; its 64 features serve a Fréchet distance",
        "data": data,
        "test_accuracy": round(accuracy, 4),
        "samples_seen": seen,
        "seed": SEED,
        "torch": torch.__version__,
        "seconds": round(time.perf_counter() - start),
        **write_weights(folder, content),
    }
    (folder / "card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(json.dumps(card, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
