"""The widgets of notebook 04.

Thin shells: what they compute is in latent_space, latent_films, latent_words,
latent_line and latent_guides, and is tested without a browser.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as w

from coursekit.widgets import outcome as outcome
from coursekit.widgets import predict as predict
from coursekit.widgets.film_player import FilmPlayer, one_line, with_still
from coursekit.widgets.live import Live

if TYPE_CHECKING:
    from coursekit.pipeline.pipeline import Pipeline
    from coursekit.plots.table import Table

_WIDE: dict[str, Any] = {
    "style": {"description_width": "80px"},
    "layout": {"width": "440px"},
}
_TEXT: dict[str, Any] = {
    "style": {"description_width": "80px"},
    "layout": {"width": "640px"},
}
PROMPTS = (
    "a brown bear in the park",
    "a pink bear at the beach",
    "a white bear with sunglasses in the snow",
    "a green bear with a red hat",
)


def latent_walker(nets: Mapping[str, Any], pictures: Any, labels: Any) -> Live:
    """Walk through spaces of two numbers: a map of the codes, and what is decoded.

    nets: name -> autoencoder with a latent of two numbers (`bells`, `rebuild`);
    pictures: (N, C, H, W) to encode; labels: their classes (N,).
    """
    from coursekit.lectures.l04_latent_space.widgets.walk import (
        REACH,
        Walk,
        draw,
    )

    walk = Walk.of(nets, pictures, labels)
    step = {"min": -REACH, "max": REACH, "step": 0.1, "readout_format": ".1f"}
    controls = {
        "space": w.ToggleButtons(options=list(nets)),
        "x": w.FloatSlider(0.0, description="right", **step, **_WIDE),
        "y": w.FloatSlider(0.0, description="up", **step, **_WIDE),
    }
    return Live(controls, lambda **state: draw(walk, **state), "latent_walker")


def clip_table(model: Any, images: Any, prompts: Sequence[str] = PROMPTS) -> Live:
    """Cosines of your own prompts with a few pictures, in the space of a CLIP.

    model: a `coursekit.models.clip.CLIP` of the teddy world; images: uint8 (N, 32, 32,
    3).
    """
    from coursekit.lectures.l04_latent_space.widgets.words import (
        Gallery,
        draw,
    )

    gallery = Gallery.of(model, images)
    controls = {
        f"prompt{i + 1}": w.Text(text, description=f"prompt {i + 1}", **_TEXT)
        for i, text in enumerate(prompts)
    }
    return Live(
        controls, lambda **state: draw(gallery, list(state.values())), "clip_table"
    )


def guidance_line() -> Live:
    """Guidance with exact scores on a line: which law comes out at which scale?"""
    from coursekit.lectures.l04_latent_space.widgets.line import (
        SCALES,
        Line,
        draw,
    )

    made = Line.of()
    slider = w.FloatSlider(
        3.0,
        min=SCALES[0],
        max=SCALES[-1],
        step=SCALES[1] - SCALES[0],
        description="scale",
        readout_format=".1f",
        **_WIDE,
    )
    return Live({"scale": slider}, lambda scale: draw(made, scale), "guidance_line")


def guidance_classes(
    name: str = "fashion-classes", *, seed: int = 0
) -> "FilmPlayer | Table":
    """Ten classes of clothes from the same noise, at one guidance scale after another.

    The button draws other noise. Where the network is not trained yet: the line that
    trains it.
    """
    from coursekit.lectures.l04_latent_space.widgets.guides import (
        class_reel,
    )
    from coursekit.pipeline.catalogue import is_there
    from coursekit.plots.table import Table
    from coursekit.training.pretrained import load_model

    if not is_there(name):
        command = f"coursekit train {name} --profile cpu --publish"
        return Table({"ten classes of clothes": {"run": command}})
    model = load_model(name, clip=False)
    return FilmPlayer(
        class_reel(model, seed=seed),
        action="other noise",
        on_action=lambda player: class_reel(model, seed=seed + player.presses),
        name="guidance_classes",
    )


class PromptFilm(w.VBox):  # type: ignore[misc]
    """A prompt, a negative prompt, a button, and the film that they make."""

    def __init__(
        self, pipe: "Pipeline", prompt: str, negative: str = "", *, seed: int = 0
    ) -> None:
        """Draw the first film at once."""
        self.pipe, self.seed = pipe, seed
        self.prompt = w.Text(prompt, description="prompt", **_TEXT)
        self.negative = w.Text(negative, description="away from", **_TEXT)
        self.player = FilmPlayer(
            None, action="draw", on_action=self._draw, name="guidance_prompts"
        )
        try:
            self.player.load(self._draw(self.player))
        except Exception as error:  # a learner's own pipeline may fail
            self.player.note = f"That did not work: {one_line(error)}"
        super().__init__([self.prompt, self.negative, self.player])

    def _draw(self, player: FilmPlayer) -> Any:
        from coursekit.lectures.l04_latent_space.widgets.guides import (
            prompt_reel,
        )

        seed = self.seed + player.presses
        negative = self.negative.value.strip()
        return prompt_reel(self.pipe, self.prompt.value.strip(), negative, seed=seed)

    def __repr__(self) -> str:
        """Short and the same on every run, so that nbval can compare it."""
        return repr(self.player)

    def _repr_mimebundle_(
        self, **options: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        data = super()._repr_mimebundle_(**options)
        return with_still(data, {}, self.player.picture())


def guidance_prompts(
    pipe: "Pipeline",
    prompt: str = "a brown bear with a red hat is reading in the park",
    negative: str = "",
    *,
    seed: int = 0,
) -> PromptFilm:
    """Pictures of your prompt from the same noise at one guidance scale after another.

    pipe: a `coursekit.pipeline.pipeline.Pipeline` that is told prompts. The button
    draws the prompt that stands there now, from other noise.
    """
    return PromptFilm(pipe, prompt, negative, seed=seed)


def latent_beta(world: str = "fashion") -> "FilmPlayer | Table":
    """One VAE after another, each with a larger beta: what comes back, what is made.

    world: "fashion" or "teddy". Where the film does not ship yet: the line that makes
    it.
    """
    from coursekit.lectures.l04_latent_space.widgets.films import beta_reel
    from coursekit.plots.table import Table

    try:
        return FilmPlayer(beta_reel(world), name="latent_beta")
    except FileNotFoundError:
        command = "python -m coursekit.lectures.l04_latent_space.experiments.films"
        return Table({"VAEs with more and more beta": {"run": command}})


def latent_losses() -> "FilmPlayer | Table":
    """The same autoencoder trained with different mixes of losses: how each fails.

    Where the film does not ship yet: the lines that make it.
    """
    from coursekit.lectures.l04_latent_space.widgets.films import (
        losses_reel,
    )
    from coursekit.plots.table import Table

    try:
        return FilmPlayer(losses_reel(), name="latent_losses")
    except FileNotFoundError:
        commands = {"first run": "coursekit measure 04.L"}
        commands["then run"] = (
            "python -m coursekit.lectures.l04_latent_space.experiments.films"
        )
        return Table({"five mixes of losses": commands})
