"""Lecture 1: ids, symbols and titles. What computes is in diffusion_*.py."""

from coursekit.checks.spec import Entry, Exercise
from coursekit.workbook.exercises.diffusion_choices import CHOICES
from coursekit.workbook.exercises.diffusion_formulas import FORMULAS
from coursekit.workbook.exercises.diffusion_formulas_more import MORE_FORMULAS

_HERE = "coursekit.workbook.exercises"
_DDPM = "coursekit.theory.ddpm"
_SCHEDULE = "coursekit.theory.ddpm_schedule"
_ELBO = "coursekit.theory.elbo"

_CODE = (
    ("01.1", f"{_SCHEDULE}:linear_beta", "A linear noise schedule", "linear"),
    ("01.2", f"{_SCHEDULE}:cosine_alpha_bar", "The cosine schedule", "cosine"),
    ("01.3", f"{_DDPM}:q_step", "One small step towards noise", "step"),
    ("01.4", f"{_DDPM}:q_sample", "Any noise level in one jump", "jump"),
    ("01.5", f"{_DDPM}:q_posterior", "One step back, when x0 is known", "posterior"),
    ("01.6", f"{_DDPM}:gaussian_kl", "How far apart are two Gaussians?", "kl"),
    ("01.7", f"{_ELBO}:elbo_terms", "The ELBO, term by term", "elbo"),
    (
        "01.8",
        "coursekit.models.layers:timestep_embedding",
        "Telling a network the noise level",
        "embedding",
    ),
    ("01.9", f"{_DDPM}:loss_simple", "The loss that trains it all", "loss"),
    ("01.10", f"{_DDPM}:predict_x0", "The clean image a guess implies", "predict"),
    ("01.11", f"{_DDPM}:ancestral_step", "One step of the DDPM sampler", "ancestral"),
    ("01.12", f"{_DDPM}:ddim_step", "One step of the DDIM sampler", "ddim"),
    (
        "01.13",
        "coursekit.theory.ddpm_samplers:ddim",
        "A sampler for any number of steps",
        "sampler",
    ),
    ("01.14", f"{_ELBO}:bits_per_dim", "Stretch: bits per dimension", "bits"),
)

ENTRIES: tuple[Entry, ...] = (
    *(
        Exercise(
            exercise_id,
            symbol,
            title,
            f"{_HERE}.diffusion_{module}:{symbol.partition(':')[2].upper()}",
        )
        for exercise_id, symbol, title, module in _CODE
    ),
    *FORMULAS,
    *CHOICES,
    *MORE_FORMULAS,
)
