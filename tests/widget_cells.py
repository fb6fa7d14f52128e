"""A notebook of widgets for each lecture: what both the browser and Python try.

Networks are new ones where their answer does not matter, so that most cells are cheap.
"""

from dataclasses import dataclass

from coursekit.experiments.film_store import FOLDER as FILMS
from coursekit.experiments.measure import folder
from coursekit.pipeline.catalogue import is_there


@dataclass(frozen=True)
class Cell:
    """A call, how many sliders it shows, and buttons that change its picture."""

    code: str
    sliders: int = 0
    buttons: tuple[str, ...] = ()
    ships: bool = True  # its checkpoint or film


@dataclass(frozen=True)
class Notebook:
    """What comes first, then a cell for each widget; presses: of a key, at a slider."""

    setup: str
    cells: dict[str, Cell]
    presses: int = 8


def film_ships(film: str, figure: str) -> bool:
    measured = folder() / f"{figure}.json"
    return (FILMS / f"{film}.webp").is_file() and measured.is_file()


ONE = Notebook(
    """
from types import SimpleNamespace as Reading
import torch
from coursekit.datasets.teddy.sample import teddies
from coursekit.datasets.toys import exact_eps_model, ring
from coursekit.experiments.films import record
from coursekit.lectures.l00_start.widgets import progress_view, tour
from coursekit.lectures.l01_diffusion import widgets
from coursekit.theory.ddpm_schedule import make_schedule

schedule = make_schedule("cosine", 1000)
bears, scenes = teddies(8, 32, seed=3)
points = ring().sample(500, torch.Generator().manual_seed(0))
exact = exact_eps_model(ring(), schedule)

def blur(xt, t):
    return 0.9 * xt

def film(model, *shape):
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    return record(model, noise, schedule, 50)

def reader(pixels):
    return [Reading(fur="brown", place="unreadable" if i > 99 else "park", valid=True)
            for i in range(len(pixels))]
""",
    {
        "tour": Cell("tour(bears[:1])", 1),
        "forward_process": Cell("widgets.forward_process(bears, schedule, reader)", 1),
        "schedule_editor": Cell("widgets.schedule_editor(bears[:1])", 2),
        "sculptor": Cell("widgets.sculptor(film(blur, 6, 3, 32, 32))", 1),
        "forward_2d": Cell("widgets.forward_2d(points, schedule)", 1),
        "reverse_2d": Cell(
            "widgets.reverse_2d(film(exact, 500, 2), target=points)", 1, ("play",)
        ),
        "ddim_steps": Cell("widgets.ddim_steps(exact, schedule, target=points)", 2),
        "ddim_images": Cell(
            "widgets.ddim_steps(blur, schedule, (1, 28, 28), steps=(2, 3, 4), count=8)"
        ),
        "predict": Cell("widgets.predict('x', 'Is this the last?', ['no', 'yes'])"),
        "progress_view": Cell("progress_view()"),
    },
    presses=12,
)
TWO = Notebook(
    """
import torch
from coursekit.datasets.toys import exact_predict, lopsided
from coursekit.lectures.l02_score_matching import widgets
from coursekit.theory.paths import VPPath

blobs, path = lopsided(), VPPath()
gen = torch.Generator().manual_seed(0)
points = blobs.sample(300, gen)
start = 3 * (2 * torch.rand(300, 2, generator=gen) - 1)
exact = exact_predict(blobs, path)
films = {"a": [start * (1 - i / 60) for i in range(60)]}
""",
    {
        "compass": Cell("widgets.compass(blobs)", 3),
        "langevin_player": Cell(
            "widgets.langevin_player(blobs.score, start, target=points)", 2
        ),
        "sde_paths": Cell("widgets.sde_paths()", 2),
        "walks": Cell("widgets.walks(films, target=points)", 1),
        "solver_table": Cell(
            "widgets.solver_table(exact, path, (2,), nfes=(5, 10, 20))", 2
        ),
    },
)
THREE = Notebook(
    """
import torch
from coursekit.datasets.toys import exact_predict, ring
from coursekit.lectures.l03_flow_matching import widgets
from coursekit.theory.paths import LinearPath

points = ring().sample(300, torch.Generator().manual_seed(0))

def field(x, t):
    return exact_predict(ring(), LinearPath())(x.double(), t).velocity
""",
    {
        "flow_field": Cell("widgets.flow_field(ring(), seed=1)", 1),
        "flow_votes": Cell("widgets.flow_votes(seed=3)", 3, ("one picture",)),
        "flow_steps": Cell(
            "widgets.flow_steps({'exact': field}, target=points)", 1, ("Heun",)
        ),
        "one_belief": Cell("widgets.one_belief()", 3, ("score",)),
        "flow_couplings": Cell("widgets.flow_couplings(seed=0)", 0, ("transport",)),
        "flow_bears": Cell(
            "widgets.flow_bears('teddy-flow', count=2, nfes=(1, 2, 4))", 2
        ),
    },
)
FOUR = Notebook(
    """
import torch
from coursekit.datasets import fashion, images
from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l04_latent_space import widgets
from coursekit.lectures.l04_latent_space.experiments.dense import Dense, DenseConfig
from coursekit.pipeline.pipeline import from_checkpoint
from coursekit.training.pretrained import load_model

torch.manual_seed(0)
photos, classes = fashion.load("test")
clothes = images.to_model(photos[:300])
nets = {
    name: Dense(DenseConfig((1, 28, 28), 64, 2, name == "VAE")).eval()
    for name in ("plain", "VAE")
}
for net in nets.values():
    net.requires_grad_(False)
""",
    {
        "latent_walker": Cell(
            "widgets.latent_walker(nets, clothes, classes[:300])", 2, ("VAE",)
        ),
        "guidance_line": Cell("widgets.guidance_line()", 1),
        "latent_beta": Cell(
            "widgets.latent_beta('fashion')",
            1,
            ships=film_ships("04.B-fashion", "04.B"),
        ),
        "latent_losses": Cell(
            "widgets.latent_losses()", 1, ships=film_ships("04.L", "04.L")
        ),
        "clip_table": Cell(
            "widgets.clip_table(load_model('teddy-clip'), teddies(6, 32, seed=42)[0])",
            ships=is_there("teddy-clip"),
        ),
        "guidance_classes": Cell(
            "widgets.guidance_classes()", 1, ships=is_there("fashion-classes")
        ),
        "guidance_prompts": Cell(
            "widgets.guidance_prompts(from_checkpoint('teddy-prompts'))",
            1,
            ships=is_there("teddy-prompts"),
        ),
    },
    presses=3,
)
FIVE = Notebook(
    """
import torch
from coursekit.lectures.l05_architectures import widgets
from coursekit.models.dit import DiT, DiTConfig
from coursekit.models.inpainting import Inpainter
from coursekit.training.pretrained import load_model

torch.manual_seed(0)
net = DiT(DiTConfig(channels=4, size=24, patch=3, width=32, depth=3, zero=False))
for p in net.parameters():
    torch.nn.init.normal_(p, std=0.3)
""",
    {
        "reach_grower": Cell("widgets.reach_grower()", 3, ("with attention",)),
        "skip_taps": Cell(
            "widgets.skip_taps(load_model('teddy-flow', clip=False))",
            1,
            ("all closed",),
        ),
        "block_knobs": Cell("widgets.block_knobs(net)", 1, ("shift",)),
        "patch_gaze": Cell("widgets.patch_gaze(Inpainter(net))", 1, ("layer 2",)),
        "rope_dial": Cell("widgets.rope_dial()", 3, ("10000",)),
        "patch_sizes": Cell("widgets.patch_sizes()", 3),
    },
)
SIX_A = Notebook(
    """
import torch

from coursekit.lectures.l06a_training_and_tuning import widgets
from coursekit.theory.resolution_shift import shift_time
from coursekit.theory.training_times import LogitNormal
""",
    {
        "time_law": Cell("widgets.time_law(LogitNormal)", 2),
        "noisy_sizes": Cell("widgets.noisy_sizes(shift_time)", 2, ("shifted",)),
        "lora_strength": Cell(
            "widgets.lora_strength()", 1, ships=is_there("teddy-v-lora")
        ),
    },
)
SIX_B = Notebook(
    """
import torch

from coursekit.lectures.l06b_preferences_and_distillation import widgets
from coursekit.theory.policy_steps import transition
""",
    {
        "dpo_beta": Cell("widgets.dpo_beta()", 1),
        "dice": Cell("widgets.dice(transition)", 2),
        "one_jump": Cell("widgets.one_jump()", 1),
        "plane_ladder": Cell("widgets.plane_ladder()", 2),
        "bear_students": Cell(
            "widgets.bear_students()", 1, ships=is_there("teddy-64-meanflow")
        ),
        "live_bears": Cell(
            "widgets.live_bears()", 2, ("DMD",), is_there("teddy-64-dmd")
        ),
    },
)
SEVEN = Notebook(
    """
import torch

from coursekit.evaluation.frechet import frechet_distance
from coursekit.evaluation.kernel_distances import kid
from coursekit.evaluation.neighbours import precision_recall
from coursekit.lectures.l07_evaluation import widgets
from coursekit.theory.alignment import holds
""",
    {
        "arena": Cell("widgets.arena()", 0, ("tie",), is_there("teddy-64-meanflow")),
        "tired_people": Cell("widgets.tired_people()", 3),
        "tifa_tree": Cell("widgets.tifa_tree(holds)", 0, ("another fur",)),
        "two_crowds": Cell("widgets.two_crowds(frechet_distance, kid)", 4),
        "spoilt_crowd": Cell(
            "widgets.spoilt_crowd(frechet_distance, kid, precision_recall)", 4
        ),
    },
    presses=5,
)
EIGHT_A = Notebook(
    """
import torch

from coursekit.lectures.l08a_state_of_the_art import widgets
""",
    {
        "narrow_patches": Cell("widgets.narrow_patches()", 4, ("the velocity",)),
        "spec_sheet": Cell("widgets.spec_sheet()", 3, ("Qwen-Image",)),
        "wishes": Cell("widgets.wishes()", 1, ("plain",)),
    },
    presses=5,
)
EIGHT_B = Notebook(
    """
import torch

from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l08b_image_editing import widgets

bears = teddies(20, 64, seed=3)[0]
""",
    {
        "edit_desk": Cell("widgets.edit_desk(bears)", 4, ("saturation",)),
        "editors": Cell(
            "widgets.editors()", 1, ("generator",), ships=is_there("teddy-edit")
        ),
    },
    presses=5,
)
EIGHT_C = Notebook(
    """
import torch

from coursekit.datasets.teddy.sample import teddies
from coursekit.lectures.l08c_cost_collapse_trust import widgets
from coursekit.pipeline.hidden_marks import own_bits
from coursekit.trust.attacks import pixels_of, png_of
from coursekit.trust.least_bits import read_bits, write_bits

files = {"least bits": png_of(write_bits(teddies(1, 64, seed=3)[0][0], own_bits()))}


def right_bits(content):
    return f"{(read_bits(pixels_of(content), 32) == own_bits()).sum()} of 32 bits"
""",
    {
        "generations": Cell("widgets.generations()", 3),
        "attack_bench": Cell(
            "widgets.attack_bench(files, {'least bits': right_bits})", 1, ("JPEG",)
        ),
    },
    presses=3,
)
NINE = Notebook(
    """
import torch

from coursekit.datasets.teddy.clips import draw_clips, returning_clips, sample_clips
from coursekit.lectures.l09_video import widgets
from coursekit.lectures.l09_video.experiments.causality import network
from coursekit.models.video_autoencoder import VideoAutoencoder
from coursekit.models.video_transformer import VideoDiT
from coursekit.training.recipes_clips import VIDEO, VIDEO_RECALL
from coursekit.training.recipes_video import CLIPS as CODEC

torch.manual_seed(0)
net, codes = VideoDiT(VIDEO.quick.model).eval(), VideoAutoencoder(CODEC).eval()
films = draw_clips(sample_clips(1, 11, walkers=1.0))
causal = network("causal", 0).float()
later = VideoDiT(VIDEO_RECALL.quick.model).eval()
""",
    {
        "scrubber": Cell("widgets.scrubber(causal, films[0])", 1, ("frame out",)),
        "captions": Cell("widgets.captions(net, codes.decode, (16, 5, 8, 8))", 1),
        "clip_cost": Cell("widgets.clip_cost()", 2, ("LTX-Video",)),
        "memory": Cell("widgets.memory(later, returning_clips(1, 0, 'test'))", 2),
        "ball_roll_out": Cell("widgets.ball_roll_out()", 2, ("noise in it",)),
    },
    presses=5,
)
TEN = Notebook(
    """
import torch

from coursekit.lectures.l10_masked_diffusion_llm import widgets
from coursekit.models.token_transformer import TokenTransformer
from coursekit.theory.block_diffusion import block_mask
from coursekit.training.pretrained import load_model
from coursekit.training.recipes_text import QUICK

torch.manual_seed(0)
net = TokenTransformer(QUICK.model).eval()
""",
    {
        "hide_and_guess": Cell(
            "widgets.hide_and_guess(load_model('programs-masked'))",
            2,
            ships=is_there("programs-masked"),
        ),
        "step_player": Cell("widgets.step_player(net)", 2, ("at random",)),
        "blocks": Cell("widgets.blocks(block_mask)", 3),
    },
    presses=5,
)
NOTEBOOKS = {
    "01": ONE,
    "02": TWO,
    "03": THREE,
    "04": FOUR,
    "05": FIVE,
    "06a": SIX_A,
    "06b": SIX_B,
    "07": SEVEN,
    "08a": EIGHT_A,
    "08b": EIGHT_B,
    "08c": EIGHT_C,
    "09": NINE,
    "10": TEN,
}
CELLS = {
    (lecture, name): cell
    for lecture, notebook in NOTEBOOKS.items()
    for name, cell in notebook.cells.items()
    if cell.ships
}
