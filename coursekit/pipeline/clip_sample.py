"""A clip of what a prompt says, as a file: what `coursekit sample --video` does."""

import time
from pathlib import Path

MODEL, STEPS = "video", 20
RATE = 8.0  # frames a second: a clip of 17 frames takes two


def sample_video(
    prompt: str,
    out: Path,
    seed: int,
    steps: int | None,
    guidance: float | None,
    zoom: int,
    array: bool,
) -> None:
    """Understand, draw, write the file, say what was done.

    Options as those of `sample_command`; None: the model's own.
    Raises NotUnderstood and PipelineError (a file that cannot be written so).
    """
    from coursekit.evaluation.clip_sampling import decoded, latents_of_words
    from coursekit.files import try_folder
    from coursekit.models.video_autoencoder import VideoAutoencoder
    from coursekit.pipeline.boxes import PipelineError
    from coursekit.pipeline.catalogue import NotTrained, is_there
    from coursekit.pipeline.clip_file import save_clip
    from coursekit.pipeline.clip_prompts import understand_clip
    from coursekit.training.pretrained import load_model
    from coursekit.training.recipe_clips import ClipRecipe
    from coursekit.training.recipes import RECIPES

    wish = understand_clip(prompt, seed)
    if not is_there(MODEL):
        raise NotTrained(MODEL)
    print(wish.note)
    try_folder(out.parent)
    start, recipe = time.perf_counter(), RECIPES[MODEL]
    assert isinstance(recipe, ClipRecipe)
    scale = recipe.scale if guidance is None else guidance
    steps = steps or STEPS
    model, space = load_model(MODEL), load_model(recipe.latents)
    assert isinstance(space, VideoAutoencoder)
    shape = space.latent_shape(recipe.frames, recipe.size, recipe.size)
    latents = latents_of_words(model, [wish.prompt], shape, None, scale, seed, steps)
    (clip,) = decoded(space.decode, latents)
    try:
        written = save_clip(out, clip, RATE, zoom, keep_array=array)
    except ValueError as error:
        raise PipelineError(str(error)) from None
    print(
        f"{', '.join(map(str, written))}: {wish.prompt!r}, {len(clip)} frames, "
        f"{steps} step{'s' * (steps > 1)}, guidance {scale:g}, seed {seed}, "
        f"{time.perf_counter() - start:.1f} s"
    )
