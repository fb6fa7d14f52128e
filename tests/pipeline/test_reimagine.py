"""Authority: limits. A little noise gives the picture back as its autoencoder does, and
more noise moves it further."""

import numpy as np
import pytest

from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.reconstruction import psnr
from coursekit.pipeline.catalogue import is_there
from coursekit.pipeline.reimagine import NAME, reimagine
from coursekit.trust.attacks import pixels_of, png_of


@pytest.mark.skipif(not is_there(NAME), reason="not trained yet")
def test_more_noise_moves_a_picture_further():
    pictures, _ = teddies(3, 64, seed=5, split="test", kind="group")
    files = [png_of(picture) for picture in pictures]
    far = {}
    for t in (0.01, 0.3, 0.8):
        drawn = np.stack([pixels_of(content) for content in reimagine(files, t)])
        far[t] = psnr(pictures, drawn)
    assert far[0.01] > far[0.3] + 1 > far[0.8] + 2
    assert far[0.01] > 22
    assert reimagine(files[:2], 0.3) == reimagine(files, 0.3)[:2]
