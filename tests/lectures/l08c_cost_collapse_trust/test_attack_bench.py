"""Authority: the attacks themselves. The bench shows what a function call gives."""

import numpy as np

from coursekit.lectures.l08c_cost_collapse_trust.widgets.attack_bench import (
    attack_bench,
    on_sheet,
)
from coursekit.trust.attacks import ATTACKS, pixels_of, png_of

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def test_the_bench_shows_the_attack_and_the_verdict():
    seen = []

    def verdict(content):
        seen.append(content)
        return "found"

    bench = attack_bench({"mine": png_of(PICTURE)}, {"mine": verdict})
    bench.controls["attack"].value = "none"
    assert np.array_equal(bench.scene.images[0], on_sheet(PICTURE))
    for name in ("screenshot", "crop", "JPEG"):
        bench.controls["attack"].value = name
        want = ATTACKS[name](png_of(PICTURE))
        assert seen[-1] == want and "mine: found" in bench.scene.text
        assert np.array_equal(bench.scene.images[0], on_sheet(pixels_of(want)))
    bench.controls["times"].value = 3
    assert pixels_of(seen[-1]).shape == (64, 64, 3)


def test_a_changed_pixel_needs_a_png():
    jpeg = ATTACKS["JPEG"](png_of(PICTURE))
    bench = attack_bench({"mine": jpeg}, {"mine": lambda content: ""})
    bench.controls["attack"].value = "one pixel"
    assert bench.scene.tone == "bad" and "as a PNG file" in bench.scene.text
