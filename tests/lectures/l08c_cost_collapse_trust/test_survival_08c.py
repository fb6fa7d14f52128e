"""Authority: planted scores. A scheme that always tells is found always, one that never
does never, and the rate of false alarms is kept."""

import numpy as np

from coursekit.lectures.l08c_cost_collapse_trust.experiments.survival import (
    RATE,
    Scheme,
    clean_pictures,
    files_of,
    survival,
)


def test_clean_pictures_are_of_many_kinds():
    pictures = clean_pictures(60)
    assert pictures.shape == (60, 64, 64, 3)
    flat = [x for x in pictures if (x == x[0, 0]).all()]
    assert {int(x[0, 0, 0]) for x in flat} >= {0, 255}
    assert np.array_equal(pictures, clean_pictures(60))
    assert not np.array_equal(pictures, clean_pictures(60, seed=1))


def test_planted_schemes_are_found_always_and_never():
    def sizes(files):
        return [float(len(content)) for content in files]

    def large(pictures):
        return [content + bytes(10**6) for content in files_of(pictures)]

    schemes = {
        "loud": Scheme(large, sizes, 1),
        "mute": Scheme(files_of, lambda files: [0.0] * len(files), 0),
    }
    found = survival(schemes, ["none", "re-save"], 40, 5)
    assert found["loud_none_found"] == 1 and found["loud_re_save_found"] < 1
    assert found["mute_none_found"] == found["mute_none_alarms"] == 0
    assert found["loud_none_alarms"] <= RATE <= found["loud_none_alarms_high"]
    assert found["loud_psnr"] > 100 and found["mute_bits"] == 0
