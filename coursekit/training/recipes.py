"""The recipes: everything that decides what a training run does, as plain values.

A recipe fixes what is learnt (data, schedule, kind of prediction); each of its three
profiles fixes the effort. "quick" takes a minute and shows that all works, "cpu" makes
the checkpoints of the course on a small processor, "gpu" is the same with more of
everything, in bf16.
"""

from dataclasses import dataclass, replace

from torch import nn

from coursekit.models.unet import UNet, UNetConfig
from coursekit.theory.ddpm_schedule import Schedule, ScheduleKind, make_schedule
from coursekit.training.objectives import Objective, make_objective


@dataclass(frozen=True)
class Profile:
    """The effort of one run. Two runs with equal values do the same steps."""

    model: UNetConfig
    steps: int
    batch: int
    lr: float
    warmup: int = 100  # steps until the learning rate is reached; then it falls to 0
    restarts: tuple[int, ...] = ()  # steps at which it is reached again, to fall again
    ema: float = 0.998
    clip: float = 1.0  # largest norm of the gradient
    pictures: int = 0  # how many training pictures at most; 0 means all
    bf16: bool = False  # autocast, on GPUs only
    save_every: int = 250  # steps between checkpoints
    show_every: int = 1000  # steps between sample grids


@dataclass(frozen=True)
class Recipe:
    """What one named run learns: one kind of prediction on one data set."""

    name: str
    title: str
    data: str  # a name of training.data
    shape: tuple[int, int, int]  # C, H, W
    quick: Profile
    cpu: Profile
    gpu: Profile
    path: str = "chain"  # "chain": a DDPM schedule; "linear": the straight path
    predicts: str = "eps"  # a field of theory.prediction.Prediction
    schedule: ScheduleKind = "cosine"  # of the chain
    num_steps: int = 1000  # T of the chain
    seed: int = 0

    def objective(self) -> Objective:
        """What the network learns, as code."""
        return make_objective(self.path, self.predicts, self.schedule, self.num_steps)

    def make_schedule(self) -> Schedule:
        """The noise schedule that the network is trained on."""
        return make_schedule(self.schedule, self.num_steps)

    def profile(self, name: str) -> Profile:
        """The profile called quick, cpu or gpu; ValueError for another name."""
        profiles = {"quick": self.quick, "cpu": self.cpu, "gpu": self.gpu}
        if name not in profiles:
            raise ValueError(f"no profile {name!r}: use one of {', '.join(profiles)}")
        return profiles[name]


PROFILES = ("quick", "cpu", "gpu")


def make_model(config: UNetConfig, objective: Objective) -> nn.Module:
    """The network of a profile, with fresh weights from torch's global generator."""
    return objective.network(UNet(config))


GREY = UNetConfig(channels=1, widths=(48, 96), patch=2)
COLOUR = replace(GREY, channels=3)
LARGE = UNetConfig(channels=1, widths=(64, 128, 192), blocks=2, heads=4)

FASHION = Recipe(
    name="fashion-ddpm",
    title="DDPM on Fashion-MNIST, 28 x 28 grey",
    data="fashion",
    shape=(1, 28, 28),
    quick=Profile(
        UNetConfig(channels=1, widths=(16, 32), patch=2),
        steps=300,
        batch=32,
        lr=2e-3,
        ema=0.99,
        pictures=8000,
        save_every=100,
        show_every=150,
    ),
    cpu=Profile(GREY, steps=7000, batch=32, lr=1e-3),
    gpu=Profile(
        LARGE,
        steps=20_000,
        batch=256,
        lr=5e-4,
        warmup=500,
        ema=0.9995,
        bf16=True,
        save_every=1000,
        show_every=2000,
    ),
)

TEDDY = Recipe(
    name="teddy-ddpm",
    title="DDPM on the teddy world, 32 x 32 colour",
    data="teddy",
    shape=(3, 32, 32),
    quick=replace(
        FASHION.quick,
        model=UNetConfig(channels=3, widths=(16, 32), patch=2),
        pictures=2000,
    ),
    cpu=replace(FASHION.cpu, model=COLOUR, steps=9000, pictures=20_000),
    gpu=replace(FASHION.gpu, model=replace(LARGE, channels=3), pictures=100_000),
)

FASHION_FLOW = replace(
    FASHION,
    name="fashion-flow",
    title="Flow matching on Fashion-MNIST, 28 x 28 grey",
    path="linear",
    predicts="velocity",
)

TEDDY_FLOW = replace(
    TEDDY,
    name="teddy-flow",
    title="Flow matching on the teddy world, 32 x 32 colour",
    path="linear",
    predicts="velocity",
)

RECIPES = {recipe.name: recipe for recipe in (FASHION, TEDDY, FASHION_FLOW, TEDDY_FLOW)}
