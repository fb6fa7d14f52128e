"""Teachers, mixtures and stages. Authorities: the light that scenes were drawn with,
and the stored figures, whose direction must hold with a margin."""

from functools import partial
from itertools import islice

import numpy as np
import pytest
from support_lectures import hold, table

from coursekit.datasets.teddy.render import render
from coursekit.datasets.teddy.sample import scenes
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l06a_training_and_tuning.experiments.golden import light

RUNS = {name: partial(load_measured, name) for name in ("06a.C", "06a.D")}
CLAIMS = table("""
# Nothing is gained at this size, and random eyes cost something.
06a.C: abs(clip_end - alone_end) < 0.01
06a.C: min(b - a for a, b in zip(alone_end_all, clip_end_all)) > 0
06a.C: random_end > clip_end + 0.01
06a.C: clip_hat < alone_hat
# What is on the plate is drawn.
06a.D: low_rare_read < even_rare_read < high_rare_read - 0.2
06a.D: low_rare_error > even_rare_error > high_rare_error
06a.D: high_common_read < low_common_read
06a.D: abs(late_rows - early_rows) < 10
# The order of equal plates: no more than the seeds.
06a.D: late_rare_read - early_rare_read < 0.1
""")


@pytest.mark.parametrize("name", CLAIMS)
def test_what_was_measured_says_what_the_notebook_says(name):
    hold(RUNS[name](), *CLAIMS[name])


def test_the_light_of_a_picture_is_read_off_its_colours():
    """Clipping at white hides a little of it in bright scenes."""
    chosen = list(islice(scenes(11), 60))
    warmth, brightness = light(render(chosen, 32), chosen)
    drawn = np.array([[s.warmth, s.brightness] for s in chosen])
    found = np.stack([warmth, brightness], 1)
    assert np.abs(found - drawn).mean(0).max() < 0.1
    assert np.corrcoef(found[:, 0], drawn[:, 0])[0, 1] > 0.95
    assert np.corrcoef(found[:, 1], drawn[:, 1])[0, 1] > 0.9
