"""Scenes with other hats, which a judge must notice."""

from dataclasses import replace

from coursekit.datasets.teddy.scene import HATS, Scene


def with_hats(scene: Scene, *hats: str) -> Scene:
    """The scene with these hats, a hat for each bear."""
    bears = zip(scene.bears, hats, strict=True)
    return replace(scene, bears=tuple(replace(bear, hat=hat) for bear, hat in bears))


def wrong(scene: Scene) -> Scene:
    """Every bear with another hat than its own: the next of the list."""
    places = [HATS.index(bear.hat) + 1 for bear in scene.bears]
    return with_hats(scene, *(HATS[place % len(HATS)] for place in places))


def bare(scene: Scene) -> Scene:
    """All hats left at home."""
    return with_hats(scene, *("none" for _ in scene.bears))


def exchanged(scene: Scene) -> Scene:
    """Every bear with the hat of the other."""
    return with_hats(scene, *(bear.hat for bear in reversed(scene.bears)))
