"""The lines of notebook 04's Rosetta box, as identities that hold in the code.

Authority: the formulas of the papers, written out by hand; on the papers' clock 0 is
noise and 1 is data. Held elsewhere: that clock (test_rosetta_03.py), latents of unit
spread (tests/models/test_autoencoder.py), that the papers' w is our scale minus 1, and
that both kinds of guidance agree if the networks are perfect
(tests/theory/test_guidance.py).
"""

import pytest
import torch
from support_models import normal

from coursekit.theory.guidance import guided


@pytest.mark.parametrize("s", [0.0, 1.0, 4.0])
def test_the_scale_of_most_code_is_ours(s):
    cond, null = normal(2, 5, 3)
    torch.testing.assert_close(guided(cond, null, s), null + s * (cond - null))
