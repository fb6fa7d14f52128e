"""What a recipe is: plain values, and the few functions that give them a meaning.

A recipe fixes what is learnt; each of its three profiles fixes the effort. "quick"
takes a minute and shows that all works, "cpu" makes the checkpoints of the course on a
small processor, in bf16 if it multiplies that itself, "gpu" is the same with more of
everything, in bf16. The loop, the checkpoints and the command line know nothing else
about a recipe.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Batch = tuple[Tensor, ...]
PROFILES = ("quick", "cpu", "gpu")


@dataclass(frozen=True)
class Profile:
    """The effort of one run. Two runs with equal values do the same steps."""

    model: Any  # the config of a network (training.networks)
    steps: int
    batch: int
    lr: float
    warmup: int = 100  # steps until the learning rate is reached; then it falls to 0
    restarts: tuple[int, ...] = ()  # steps at which it is reached again, to fall again
    ema: float = 0.998
    clip: float = 1.0  # largest norm of the gradient
    muon: float = 0.0  # rate of the blocks' matrices (training.muon); 0: AdamW alone
    pictures: int = 0  # how many training pictures at most; 0 means all
    bf16: bool = False  # what a GPU computes in, if nobody says otherwise
    compile: bool = False  # torch.compile, on GPUs only
    save_every: int = 250  # steps between checkpoints
    show_every: int = 1000  # steps between sample grids


class Data(NamedTuple):
    """What a run learns from, on the CPU."""

    x: Tensor  # uint8 pictures (N, H, W[, C]), float latents (N, C, H, W), ids (N, L)
    text: str  # one line that says what this is
    cond: Tensor | None = None  # labels (N,), or token ids (N, wordings, L)
    noise: Tensor | None = None  # the noise of each picture, for couplings


@dataclass(frozen=True)
class Recipe(ABC):
    """One named run."""

    name: str
    title: str
    data: str  # which pictures
    quick: Profile
    cpu: Profile
    gpu: Profile
    mantissa: ClassVar[int] = (
        7  # bits of every weight that ship: those of bf16, or less
    )

    @property
    @abstractmethod
    def seed(self) -> int:
        """From which everything random follows."""

    @abstractmethod
    def load(self, limit: int) -> Data:
        """The training data, at most `limit` pictures (0: as many as usual)."""

    @abstractmethod
    def build(self, config: Any) -> nn.Module:
        """What is trained, with fresh weights from torch's global generator."""

    def begin(self, model: nn.Module) -> nn.Module:
        """A fresh model with the weights it starts from; most have none but its own."""
        return model

    @abstractmethod
    def batch(self, data: Data, size: int, step: int) -> Batch:
        """The tensors of training step `step`, each (size, ...), on the CPU.

        They follow from the recipe's seed and the number of the step alone.
        """

    @abstractmethod
    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """The scalar to minimise."""

    @abstractmethod
    def preview(self, model: nn.Module, large: bool = False) -> NDArray[np.uint8]:
        """A sheet of pictures, (H, W, C), that shows what `published` can do."""

    @abstractmethod
    def measure(self, model: nn.Module, quick: bool = False) -> dict[str, Any]:
        """The figures of a card, from what `published` gives."""

    def judges(self) -> tuple[str, ...]:
        """Checkpoints that `measure` asks: looked for before an hour of training."""
        return ()

    def published(self, model: nn.Module, data: Data) -> nn.Module:
        """The part of a trained model that ships, in eval mode."""
        return model.eval()

    def networks(self, model: nn.Module) -> tuple[nn.Module, ...]:
        """What `loss` calls: the parts that may multiply in bf16 or be compiled."""
        return (model,)

    def compile(self, model: nn.Module) -> None:
        """Let torch compile what `loss` calls; used on GPUs where a profile says so."""
        for network in self.networks(model):
            network.compile()

    def facts(self) -> dict[str, Any]:
        """What a card says of the recipe beside its title and its profile."""
        return {}

    def profile(self, name: str) -> Profile:
        """The profile called quick, cpu or gpu; ValueError for another name."""
        profiles = {"quick": self.quick, "cpu": self.cpu, "gpu": self.gpu}
        if name not in profiles:
            raise ValueError(f"no profile {name!r}: use one of {', '.join(profiles)}")
        return profiles[name]
