"""Our ratings against choix (Maystre).

Authority: peer library. Optional, as in test_parity_flow.py. choix knows wins only: a
decisive game is given twice and a tie once each way, so a tie is half a win each. Its
penalty is alpha |r|^2, ours half that.
"""

import pytest
import torch
from support.peers import peer_module
from support.theory import seeded

from coursekit.theory.bradley_terry import fit

pytestmark = pytest.mark.parity
PLAYERS = 7


def games(count=400):
    g = seeded(3)
    left = torch.randint(PLAYERS, (count,), generator=g)
    right = (left + torch.randint(1, PLAYERS, (count,), generator=g)) % PLAYERS
    score = torch.randint(3, (count,), generator=g) / 2
    score = torch.where(
        torch.rand(count, generator=g) < 0.5, (left < right) * 1.0, score
    )
    return left, right, score


def doubled(left, right, score):
    """Each game as two decisions (winner, loser)."""
    rows = zip(left.tolist(), right.tolist(), score.tolist(), strict=True)
    both = {1.0: [0, 0], 0.5: [0, 1], 0.0: [1, 1]}
    return [((i, j), (j, i))[turn] for i, j, s in rows for turn in both[s]]


def test_the_maximum_of_the_likelihood():
    choix = peer_module("choix")
    played = games()
    assert set(played[2].tolist()) == {0.0, 0.5, 1.0}
    ours = fit(*played, PLAYERS)
    for method in (choix.ilsr_pairwise, choix.mm_pairwise):
        theirs = torch.from_numpy(method(PLAYERS, doubled(*played), tol=1e-11))
        difference = (ours - (theirs - theirs.mean())).abs().max()
        print(f"{method.__name__}: {difference:.1e}")
        assert difference < 1e-6


def test_the_penalty():
    """On doubled games, so with twice our penalty: 2 x (penalty / 2)."""
    choix = peer_module("choix")
    played = games(60)
    for penalty in (0.1, 2.0):
        theirs = choix.opt_pairwise(
            PLAYERS, doubled(*played), alpha=penalty, method="BFGS", tol=1e-9
        )
        ours = fit(*played, PLAYERS, penalty)
        assert (ours - torch.from_numpy(theirs)).abs().max() < 1e-6
