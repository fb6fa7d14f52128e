"""Lecture 4: ids, symbols, titles. What computes is in latent_*.py, guidance_*.py."""

from coursekit.checks.spec import Entry, Exercise
from coursekit.workbook.exercises.latent_choices import CHOICES
from coursekit.workbook.exercises.latent_formulas import FORMULAS
from coursekit.workbook.exercises.latent_guidance_choices import GUIDANCE_CHOICES
from coursekit.workbook.exercises.latent_guidance_formulas import GUIDANCE_FORMULAS

_HERE = "coursekit.workbook.exercises"
_VAE = "coursekit.theory.vae"
_CONTRASTIVE = "coursekit.theory.contrastive"
_GUIDANCE = "coursekit.theory.guidance"
_MODELS = "coursekit.models"

_CODE = (
    (
        "04.1",
        f"{_VAE}:reparameterize",
        "A draw that gradients can pass",
        "latent_draw:REPARAMETERIZE",
    ),
    (
        "04.2",
        f"{_VAE}:kl_to_normal",
        "How far is a bell from the normal one?",
        "latent_kl:KL_TO_NORMAL",
    ),
    ("04.3", f"{_VAE}:vae_loss", "What a VAE minimises", "latent_loss:VAE_LOSS"),
    (
        "04.4",
        f"{_MODELS}.autoencoder:Autoencoder.forward",
        "Through the bottleneck",
        "latent_autoencoder:AUTOENCODER",
    ),
    (
        "04.5",
        f"{_MODELS}.critic:perceptual_distance",
        "Compare what a network sees",
        "latent_perceptual:PERCEPTUAL_DISTANCE",
    ),
    (
        "04.6",
        f"{_VAE}:hinge_critic",
        "A critic with a margin",
        "latent_hinge:HINGE_CRITIC",
    ),
    (
        "04.7",
        f"{_MODELS}.attention:attention",
        "Everybody asks everybody",
        "latent_attention:ATTENTION",
    ),
    (
        "04.8",
        f"{_MODELS}.patches:patchify",
        "A picture as a sequence",
        "latent_patches:PATCHIFY",
    ),
    (
        "04.9",
        f"{_MODELS}.vit:ViT.tokens",
        "A transformer that reads pictures",
        "latent_vit:VIT",
    ),
    (
        "04.10",
        f"{_MODELS}.text_encoder:at_end",
        "One vector for a prompt",
        "latent_end:AT_END",
    ),
    (
        "04.11",
        f"{_CONTRASTIVE}:clip_loss",
        "A picture finds its text",
        "latent_clip:CLIP_LOSS",
    ),
    (
        "04.12",
        f"{_CONTRASTIVE}:sigmoid_loss",
        "Stretch: every pair by itself",
        "latent_sigmoid:SIGMOID_LOSS",
    ),
    (
        "04.13",
        f"{_GUIDANCE}:classifier_slope",
        "Which way to more of this class?",
        "guidance_slope:CLASSIFIER_SLOPE",
    ),
    (
        "04.14",
        f"{_GUIDANCE}:guided",
        "Further than the condition",
        "guidance_guided:GUIDED",
    ),
    (
        "04.15",
        f"{_GUIDANCE}:drop_condition",
        "Forget the condition, now and then",
        "guidance_drop:DROP_CONDITION",
    ),
    (
        "04.16",
        f"{_GUIDANCE}:classifier_free",
        "Guidance without a classifier",
        "guidance_model:CLASSIFIER_FREE",
    ),
)

ENTRIES: tuple[Entry, ...] = (
    *(
        Exercise(exercise_id, symbol, title, f"{_HERE}.{spec}")
        for exercise_id, symbol, title, spec in _CODE
    ),
    *FORMULAS,
    *GUIDANCE_FORMULAS,
    *CHOICES,
    *GUIDANCE_CHOICES,
)
