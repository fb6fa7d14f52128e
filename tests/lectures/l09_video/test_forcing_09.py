"""What figure 09.F measures.

Authorities: a closed form of Gaussians; a network that knows nothing is off by what
the flow's own loss of ignorance says.
"""

import pytest
import torch

from coursekit.lectures.l09_video.experiments.forcing import (
    WAYS,
    first_frame,
    own_loss,
    shown,
)
from coursekit.models.frame_transformer import FrameTransformer


def test_a_teacher_that_sees_both_frames_leaves_its_student_too_little():
    found = first_frame()
    assert found["start_both"] == pytest.approx(found["start_both_exact"], abs=0.05)
    assert found["start_back"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("way", WAYS)
def test_an_ignorant_network_pays_the_variance_of_noise_and_place(way):
    """Velocity 0 against eps - x0: 1 + 1/3, the variances of N(0, 1) and of a place."""
    net = FrameTransformer()
    with torch.no_grad():
        loss = shown(way)(net, torch.Generator().manual_seed(0))
    assert float(loss) == pytest.approx(4 / 3, abs=0.15)


def test_self_forcing_reaches_all_weights():
    torch.manual_seed(0)
    net = FrameTransformer()
    torch.nn.init.normal_(net.leave.weight, std=0.1)
    own_loss(net, torch.Generator().manual_seed(0)).backward()
    assert all(p.grad is not None for p in net.parameters())
