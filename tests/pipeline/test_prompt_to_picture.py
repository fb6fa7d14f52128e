"""The pipeline of boxes.

Authorities: the same walk written out by hand with `theory`; a network whose answers
are known in closed form; what the words of the boxes promise.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from support.pixels import ExactPixels
from tiny_checkpoints import NETWORKS, put

from coursekit.datasets import fashion
from coursekit.datasets.images import to_uint8
from coursekit.datasets.tokens import teddy_tokenizer
from coursekit.evaluation.text_sampling import pixels, sample_prompts, starts
from coursekit.pipeline import pipeline
from coursekit.pipeline.boxes import SOLVERS, WORDS, Boxes, PipelineError, changed
from coursekit.pipeline.catalogue import NotTrained, entries, find
from coursekit.pipeline.guides import on_path, within_range
from coursekit.pipeline.pipeline import Pipeline, assemble, from_checkpoint
from coursekit.pipeline.walks import times, walk
from coursekit.theory.ddpm_schedule import make_schedule
from coursekit.theory.guidance import classifier_slope
from coursekit.theory.paths import DDPMPath, LinearPath
from coursekit.theory.prediction import Prediction, complete, denoiser
from coursekit.training.pretrained import load_model

Pictures = NDArray[np.uint8]
BEAR = "a brown teddy bear with a red hat is reading in the park"
OTHER = "a blue bear is dancing on the beach"


@pytest.fixture
def teddy(shelf: Path) -> Pipeline:
    return from_checkpoint("teddy-prompts", shelf)


@pytest.fixture
def fashion_flow(shelf: Path) -> Pipeline:
    return from_checkpoint("fashion-flow", shelf)


def nearly(a: Pictures, b: Pictures) -> bool:
    """The same pictures up to rounding."""
    return int(np.abs(a.astype(int) - b).max()) <= 1


def test_it_draws_what_the_walk_written_out_gives(shelf, teddy):
    """Prompts to latents to pictures, with the recipe's own sampler beside it."""
    images = teddy.draw([BEAR, OTHER], seed=5)
    tokenizer = teddy_tokenizer()
    ids, null = tokenizer.encode([BEAR, OTHER], 28), tokenizer.null(1, 28)[0]
    model = load_model("teddy-prompts", folder=shelf)
    decode = load_model("teddy-vae", folder=shelf).decode
    by_hand = sample_prompts(model, decode, ids, null, (4, 8, 8), 24, 3.0, 5)
    assert (images == by_hand).all()
    assert images.shape == (2, 32, 32, 3) and images.std() > 1
    alone, both = teddy.draw([OTHER], seed=5), teddy.draw([OTHER, BEAR], seed=5)
    assert nearly(alone[0], both[0]), "noise i, whatever else"


def test_a_network_without_an_encoder_draws_pixels_with_its_own_words(shelf):
    pipe = from_checkpoint("mini-hidream", shelf).swap(steps=3)
    assert pipe.boxes.architecture == "UiT" and pipe.boxes.representation == "pixels"
    tokenizer = teddy_tokenizer()
    ids, null = tokenizer.encode([BEAR, OTHER], 28), tokenizer.null(1, 28)[0]
    model = load_model("mini-hidream", folder=shelf)
    by_hand = sample_prompts(
        model, pixels, ids, null, (3, 32, 32), 3, 3.0, 5, shift=2.0
    )
    assert (pipe.draw([BEAR, OTHER], seed=5) == by_hand).all()


def test_guidance_of_one_and_none_are_the_same(teddy):
    plain, one = teddy.swap(guidance="none"), teddy.swap(scale=1.0)
    assert plain.boxes.evaluations() == one.boxes.evaluations() == 24
    assert teddy.boxes.evaluations() == 48
    assert (plain.draw([BEAR]) == one.draw([BEAR])).all()
    assert (plain.draw([BEAR]) != teddy.draw([BEAR])).any()


def test_a_negative_prompt_stands_in_for_the_empty_one(teddy):
    """guided away from the prompt itself, scale changes nothing: both answers agree."""
    plain = teddy.swap(guidance="none")
    assert nearly(teddy.avoiding(BEAR).draw([BEAR]), plain.draw([BEAR]))
    assert (teddy.avoiding(OTHER).draw([BEAR]) != teddy.draw([BEAR])).any()
    with pytest.raises(PipelineError, match="other than 1"):
        plain.avoiding(OTHER)


def test_a_film_ends_with_the_picture(teddy, fashion_flow):
    for pipe, asked in ((teddy, [BEAR]), (fashion_flow, 2)):
        for solver in SOLVERS["flow"]:
            told = pipe.swap(steps=4, solver=solver)
            film = told.film(asked, seed=2)
            assert len(film.states) == len(film.guesses) == len(film.times) == 5
            assert film.times[0] > film.times[-1]
            assert (film.states[-1] == told.draw(asked, seed=2)).all(), solver
            assert (film.guesses[-1] == film.states[-1]).all()


def test_the_first_guess_of_a_film_is_the_networks(fashion_flow):
    film = fashion_flow.swap(steps=3, solver="heun").film(1, seed=1)
    predict = denoiser(fashion_flow.parts.model, LinearPath(), "velocity")
    noise = starts(1, (1, 28, 28), 1)
    x0 = predict(noise, torch.ones(1)).x0
    assert (film.guesses[0] == to_uint8(x0)).all()
    assert (film.states[0] == to_uint8(noise)).all()


# A Gaussian world with the answer known: x0 ~ N(0.3, 0.2^2) in every pixel.
MEAN, SPREAD = 0.3, 0.2


@pytest.mark.parametrize(
    ("paradigm", "solver"), [(p, s) for p, words in SOLVERS.items() for s in words]
)
def test_every_solver_walks_to_the_data(paradigm, solver):
    """10,000 pixels: the mean within four standard errors, the spread within 5 %."""
    schedule = make_schedule("cosine", 1000)
    path = LinearPath() if paradigm == "flow" else DDPMPath(schedule)
    start = starts(100, (1, 10, 10), seed=0).double()
    fresh = torch.Generator().manual_seed(0)
    steps = 400 if solver in ("sde", "ancestral") else 100
    exact = ExactPixels(path, MEAN, SPREAD, "x0").predict
    states = list(walk(exact, start, path, solver, steps, fresh))
    assert len(states) == steps + 1 == len(times(path, solver, steps))
    x0 = states[-1]
    assert abs(float(x0.mean()) - MEAN) < 0.008 + 0.004
    assert abs(float(x0.std()) / SPREAD - 1) < 0.05


def test_in_range_where_there_is_noise_and_free_where_there_is_none():
    path = LinearPath()

    def wild(xt: torch.Tensor, t: torch.Tensor) -> Prediction:
        return complete(3 * torch.ones_like(xt), torch.zeros_like(xt), t, path)

    xt, t = torch.zeros(2, 1, 2, 2), torch.tensor([0.5, 0.0])
    belief = within_range(wild, path)(xt, t)
    assert (belief.x0[0] == 1).all() and (belief.x0[1] == 3).all()
    assert torch.allclose(belief.eps[0], torch.tensor(-1.0))  # xt = 0.5 x0 + 0.5 eps
    assert belief.velocity.isfinite().all()


def test_a_classifier_of_the_straight_path_guides_on_any_path():
    """Two classes N(+-1, v): on both paths the slope is that of the exact posterior."""
    var = 0.5

    def straight(xt: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        a, s = 1 - t, t
        spread = a**2 * var + s**2
        logits = [-((xt[:, 0, 0, 0] - a * m) ** 2) / (2 * spread) for m in (-1.0, 1.0)]
        return torch.stack(logits, dim=1)

    path = DDPMPath(make_schedule("cosine", 1000))
    xt = torch.tensor([0.7, -0.2, 1.5]).double()[:, None, None, None]
    t = torch.tensor([0.1, 0.5, 0.9]).double()
    label = torch.tensor([1, 0, 1])
    slope = classifier_slope(on_path(straight, path), xt, t, label)
    a, s = path.alpha(t), path.sigma(t)
    spread = a**2 * var + s**2
    x = xt[:, 0, 0, 0]
    own = 2 * label - 1.0
    other = torch.sigmoid(-2 * own * a * x / spread)  # p(the other class | xt)
    expected = 2 * own * a / spread * other
    torch.testing.assert_close(slope[:, 0, 0, 0], expected)
    assert on_path(straight, LinearPath()) is straight


def test_one_network_two_names(shelf):
    """ddpm and score read the same weights; flow takes others."""
    ddpm = from_checkpoint("fashion-ddpm", shelf)
    score = ddpm.swap(paradigm="score")
    assert score.parts.model is ddpm.parts.model
    assert score.boxes.solver == "sde" and score.boxes.steps == 100
    assert ddpm.swap(paradigm="flow").parts.name == "fashion-flow"


def test_told_a_class_in_two_ways(shelf, fashion_flow):
    """By the network, or by a classifier beside one that is told nothing."""
    told = from_checkpoint("fashion-classes", shelf).swap(steps=3)
    by_name = told.draw(["bag", "sandal"])
    labels = [fashion.CLASSES.index(word) for word in ("bag", "sandal")]
    assert (by_name == told.draw(labels)).all()
    guided = told.swap(guidance="classifier", scale=2.0)
    assert guided.parts.name == "fashion-flow" and guided.parts.classifier is not None
    free = fashion_flow.swap(steps=3).draw(2)
    assert nearly(guided.swap(scale=0.0).draw(labels), free)
    assert (guided.draw(labels) != free).any()
    for wrong in (["hat"], [10], [-1], 3, []):
        with pytest.raises(PipelineError):
            told.draw(wrong)  # type: ignore[arg-type]


def test_pixels_or_latents_unet_or_dit(shelf):
    """One box at a time, in one world that is told nothing."""
    pipe = from_checkpoint("teddy-flow", shelf).swap(steps=3)
    latent = pipe.swap(representation="latents")
    assert latent.parts.name == "teddy-latent-flow" and latent.parts.shape == (4, 8, 8)
    model = load_model("teddy-latent-flow", folder=shelf)
    decoder = load_model("teddy-vae", folder=shelf)
    path, start = LinearPath(), starts(2, (4, 8, 8), 1)
    predict = denoiser(model, path, "velocity")
    *_, z0 = walk(predict, start, path, "euler", 3, torch.Generator())
    assert (latent.draw(2, seed=1) == to_uint8(decoder.decode(z0))).all()
    dit = pipe.swap(architecture="DiT")
    assert dit.parts.name == "teddy-dit" and dit.boxes.representation == "pixels"
    assert dit.draw(2).shape == latent.draw(2).shape == (2, 32, 32, 3)
    assert pipe.alternatives()["representation"] == {"latents": ""}
    assert pipe.alternatives()["architecture"]["DiT"] == ""


def test_the_others_hold(teddy):
    """A swap changes the box it names, and what follows from it."""
    pipe = teddy.swap(scale=5.0, steps=7)
    for box, word in (("guidance", "none"), ("solver", "heun"), ("steps", 3)):
        swapped = pipe.swap(**{box: word})
        for name in set(WORDS) - {box}:
            assert getattr(swapped.boxes, name) == getattr(pipe.boxes, name)
        assert swapped.parts is pipe.parts
    assert pipe.boxes.steps == 7 and pipe.swap(solver="heun").boxes.scale == 5


def test_parts_of_ones_own_hold(fashion_flow):
    def still(xt: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        return xt  # straight to x0 = xt (1 - t)

    mine = fashion_flow.with_parts(model=still).swap(steps=5)
    assert mine.parts.model is still
    assert mine.draw(1, seed=3).shape == (1, 28, 28, 1)


def test_a_network_in_bf16_draws_nearly_the_same(teddy, monkeypatch):
    """Other products, and the same noise, boxes and numbers around them."""
    monkeypatch.setattr(pipeline, "native_bf16", lambda: False)
    assert teddy.in_bf16() is teddy, "float32 where the processor cannot"
    monkeypatch.setattr(pipeline, "native_bf16", lambda: True)
    quick = teddy.in_bf16()
    ids = quick.condition([BEAR])[1]
    answer = quick.parts.model(starts(1, (4, 8, 8), 0), torch.ones(1), ids)
    assert answer.dtype == torch.float32 and quick.boxes == teddy.boxes
    near, exact = (p.draw([BEAR, OTHER], seed=5).astype(int) for p in (quick, teddy))
    assert 0 < np.abs(near - exact).max() <= 24
    assert quick.swap(steps=3).parts.model is quick.parts.model


def test_alternatives_can_be_swapped_or_say_why(shelf):
    for name in ("fashion-classes", "teddy-prompts", "fashion-ddpm"):
        pipe = from_checkpoint(name, shelf)
        table = pipe.alternatives()
        assert set(table) == {*WORDS, "solver"}
        for box, row in table.items():
            assert getattr(pipe.boxes, box) not in row
            for word, reason in row.items():
                assert "\n" not in reason
                if not reason:
                    assert getattr(pipe.swap(**{box: word}).boxes, box) == word
                else:
                    with pytest.raises(PipelineError):
                        pipe.swap(**{box: word})
        assert len(pipe.describe().splitlines()) == 9
        lines = pipe.describe_alternatives().splitlines()
        assert len(lines) == sum(map(len, table.values()))


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ({"world": "moon"}, "world='moon': use one of fashion"),
        ({"solver": "magic"}, "use one of euler"),
        ({"solver": "ddim"}, "does not walk the way of 'flow'"),
        ({"steps": 0}, "use 1 to 1000"),
        ({"scale": 2.0}, "without guidance"),
        ({"guidance": "classifier-free", "scale": 2.0}, "nothing is told"),
        ({"told": "prompt", "guidance": "classifier"}, "knows classes"),
        ({"world": "fashion", "architecture": "DiT"}, "no recipe for fashion"),
        ({"world": "teddy", "told": "class"}, "told a class"),
    ],
)
def test_what_cannot_be_says_why_in_one_line(boxes, message, shelf):
    with pytest.raises(PipelineError, match=message) as error:
        assemble(Boxes(**boxes), shelf)  # type: ignore[arg-type]
    assert "\n" not in str(error.value)


def test_what_is_not_trained_says_how(tmp_path):
    with pytest.raises(NotTrained, match="coursekit train fashion-flow --profile cpu"):
        find(Boxes(), tmp_path)
    with pytest.raises(NotTrained, match="coursekit train teddy-prompts"):
        from_checkpoint("teddy-prompts", tmp_path)
    with pytest.raises(PipelineError, match="does not draw"):
        from_checkpoint("teddy-vae", tmp_path)
    with pytest.raises(PipelineError, match="no box 'colour'"):
        changed(Boxes(), colour="red")


def test_every_recipe_that_draws_has_boxes():
    found = {each.name: each for each in entries()}
    assert found["teddy-prompts"].representation == "latents"
    assert found["teddy-64-prompts"].world == "bears"
    assert found["fashion-ddpm"].paradigms == ("ddpm", "score")
    assert not {"teddy-vae", "teddy-clip", "fashion-classifier"} & set(found)


def test_latents_of_another_autoencoder_are_refused(tmp_path):
    """A decoder trained anew would draw nonsense from them, in silence."""
    for name in ("teddy-vae", "teddy-prompts"):
        put(tmp_path, name, NETWORKS[name])
    assert from_checkpoint("teddy-prompts", tmp_path)
    put(tmp_path, "teddy-vae", NETWORKS["teddy-vae"], seed=1)
    with pytest.raises(PipelineError, match="latents of another teddy-vae"):
        from_checkpoint("teddy-prompts", tmp_path)


def test_prompts_that_the_model_cannot_be_told(teddy, fashion_flow):
    for pipe, asked, message in (
        (teddy, ["a bear with a guitar"], "unknown word 'guitar'"),
        (teddy, [" ".join(["bear"] * 40)], "tokens"),
        (teddy, 3, "list of prompts"),
        (fashion_flow, ["bag"], "say how many"),
    ):
        with pytest.raises(PipelineError, match=message):
            pipe.draw(asked)


def test_a_pipeline_is_not_changed_by_what_is_done_with_it(fashion_flow):
    before = fashion_flow.draw(1, seed=4)
    fashion_flow.swap(steps=2).draw(1, seed=9)
    torch.manual_seed(77)
    assert (fashion_flow.draw(1, seed=4) == before).all()
