"""The widgets of notebook 00."""

from typing import TYPE_CHECKING, Any

from coursekit.widgets import progress_view as progress_view

if TYPE_CHECKING:
    from coursekit.widgets.film_player import FilmPlayer


def tour(image: Any = None, *, frames: int = 101) -> "FilmPlayer":
    """The smallest widget: one teddy bear, one slider, more and more noise.

    image: any picture; without one a teddy is rendered.
    """
    from coursekit.theory.ddpm_schedule import make_schedule
    from coursekit.widgets.film_player import FilmPlayer
    from coursekit.widgets.forward import tour_reel

    if image is None:
        from coursekit.datasets.teddy.sample import teddies

        image = teddies(1, 64, seed=4)[0]
    return FilmPlayer(
        tour_reel(image, make_schedule("cosine", 1000), frames), name="tour"
    )
