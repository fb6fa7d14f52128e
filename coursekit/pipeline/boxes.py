"""The boxes of an image generator: what has to be chosen before it draws anything.

The course decomposes a generator into paradigm, representation, architecture, training
and evaluation. Here are the choices that can be swapped at sampling time, by name; what
training made of them is a checkpoint (`catalogue`).
"""

from dataclasses import dataclass, fields

WORDS: dict[str, tuple[str, ...]] = {
    "world": ("fashion", "teddy", "bears", "emoji", "pairs"),
    "told": ("nothing", "class", "prompt"),
    "paradigm": ("ddpm", "score", "flow"),
    "representation": ("pixels", "latents"),
    "architecture": ("U-Net", "DiT", "MM-DiT", "UiT"),
    "guidance": ("none", "classifier-free", "classifier"),
}
# paradigm -> the solvers that walk its way back, the usual one first
SOLVERS: dict[str, tuple[str, ...]] = {
    "ddpm": ("ancestral", "ddim"),
    "score": ("sde", "euler", "heun"),
    "flow": ("euler", "heun", "rk4", "dpm2m", "ancestral"),
}
# Guess the end, add noise, guess again. Right for a network that knows the end, which a
# student does; of a velocity it would make pictures that are too much alike.
FOR_STUDENTS = ("consistency",)
STEPS = {"ddpm": 50, "score": 100, "flow": 24}  # usual numbers of steps
MOST_STEPS = 1000
ABOUT = {
    "world": "what is drawn",
    "told": "what the model is told",
    "paradigm": "what is learnt and how noise becomes data",
    "representation": "where the noise lives",
    "architecture": "the network",
    "guidance": "who pulls towards what was asked for",
    "scale": "how hard (1: not at all)",
    "solver": "how a step is taken",
    "steps": "how many",
}


class PipelineError(ValueError):
    """A pipeline that cannot be built; the message says why in one line."""


@dataclass(frozen=True)
class Boxes:
    """One choice for each box; WORDS and SOLVERS hold the words.

    "ddpm" and "score" read the same network, as an estimate of the noise on a chain of
    steps and as the slope of the log density in continuous time. guidance "classifier"
    needs a network that is told nothing: the classifier is told the class.
    """

    world: str = "fashion"
    told: str = "nothing"
    paradigm: str = "flow"
    representation: str = "pixels"
    architecture: str = "U-Net"
    guidance: str = "none"
    scale: float = 1.0
    solver: str = "euler"
    steps: int = 24

    def __post_init__(self) -> None:
        """Refuse unknown words and choices that contradict each other."""
        for name, words in WORDS.items():
            if getattr(self, name) not in words:
                raise PipelineError(
                    f"{name}={getattr(self, name)!r}: use one of {', '.join(words)}"
                )
        jumps = self.paradigm == "flow" and self.solver in FOR_STUDENTS
        if not jumps and self.solver not in SOLVERS[self.paradigm]:
            raise PipelineError(
                f"solver={self.solver!r} does not walk the way of "
                f"{self.paradigm!r}: use one of {', '.join(SOLVERS[self.paradigm])}"
            )
        if not 1 <= self.steps <= MOST_STEPS:
            raise PipelineError(f"steps={self.steps}: use 1 to {MOST_STEPS}")
        if not -100 <= self.scale <= 100:
            raise PipelineError(f"scale={self.scale}: use a number from -100 to 100")
        if self.guidance == "none" and self.scale != 1:
            raise PipelineError(
                f"scale={self.scale:g} without guidance: name who guides, or use 1"
            )
        if self.told == "nothing" and self.guidance != "none":
            raise PipelineError("nothing is told, so there is nothing to guide to")
        if self.guidance == "classifier" and self.told != "class":
            raise PipelineError("a classifier knows classes, not prompts")
        if self.guidance == "classifier" and self.representation != "pixels":
            raise PipelineError("the classifier reads pixels, not latents")

    @property
    def network_told(self) -> str:
        """What the network itself is told: with a classifier as guide, nothing."""
        return "nothing" if self.guidance == "classifier" else self.told

    def evaluations(self) -> int:
        """Calls of the network for one picture; two questions count twice."""
        n = self.steps
        walk = {"heun": 2 * n - 1, "rk4": 4 * n}.get(self.solver, n)
        twice = self.guidance == "classifier-free" and self.scale != 1
        return walk * (2 if twice else 1)


def changed(boxes: Boxes, **changes: str | float) -> Boxes:
    """The boxes with some of them swapped; the others hold.

    Two things follow on their own: a new paradigm brings its usual solver and number of
    steps, and without guidance the scale is 1. Raises PipelineError where the rest does
    not fit.
    """
    names = [field.name for field in fields(Boxes)]
    values = {name: getattr(boxes, name) for name in names}
    for name in changes:
        if name not in names:
            raise PipelineError(f"no box {name!r}: there are {', '.join(names)}")
    if changes.get("solver") in FOR_STUDENTS:
        raise PipelineError(f"solver={changes['solver']!r} is for students: name one")
    values |= changes
    paradigm = values["paradigm"]
    if paradigm != boxes.paradigm and paradigm in SOLVERS:
        usual = {"solver": SOLVERS[paradigm][0], "steps": STEPS[paradigm]}
        values |= {name: usual[name] for name in usual if name not in changes}
    if values["guidance"] == "none" and "scale" not in changes:
        values["scale"] = 1.0
    return Boxes(**values)
