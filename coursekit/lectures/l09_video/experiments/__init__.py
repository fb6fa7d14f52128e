"""What measures the figures of notebook 9."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "09.A": "causality",
    "09.B": "streams",
    "09.D": "clip_latents",
    "09.F": "forcing",
    "09.L": "clip_latents:measure_lessons",
}
