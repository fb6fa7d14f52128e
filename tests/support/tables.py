"""Texts whose law is a small table, and the network that knows it."""

import itertools

import torch
import torch.nn.functional as F
from scipy import stats


class Table:
    """All texts of L tokens with their probabilities. The mask is id V."""

    def __init__(self, joint):
        """joint: (V,) * L, sums to 1."""
        self.mask, self.length = joint.shape[0], joint.ndim
        ranges = [range(self.mask)] * self.length
        self.texts = torch.tensor(list(itertools.product(*ranges)))  # (V^L, L)
        self.p = joint.reshape(-1).double()
        self.one_hot = F.one_hot(self.texts, self.mask).double()

    def weights(self, ids):
        """p(text) where the text agrees with what is seen, else 0: (B, V^L)."""
        agree = (ids.unsqueeze(1) == self.texts) | (ids.unsqueeze(1) == self.mask)
        return agree.all(-1) * self.p

    def predict(self, ids):
        """The exact logits: log p(x_i and what is seen)."""
        mass = torch.einsum("bn,nlv->blv", self.weights(ids), self.one_hot)
        return mass.log()

    def entropy(self):
        return float(torch.special.entr(self.p).sum())

    def counts(self, ids):
        """How often each text occurs in ids (B, L)."""
        place = self.mask ** torch.arange(self.length - 1, -1, -1)
        return torch.bincount((ids * place).sum(1), minlength=len(self.p))

    def agrees(self, ids):
        """Is this a sample of the table? Pearson's test at 1 %."""
        seen = self.counts(ids)
        assert not seen[self.p == 0].any()
        wanted = self.p[self.p > 0] * len(ids)
        return stats.chisquare(seen[self.p > 0], wanted).pvalue > 0.01


def random_table(vocabulary=3, length=3, seed=0):
    """A table without any independence."""
    generator = torch.Generator().manual_seed(seed)
    joint = torch.rand([vocabulary] * length, generator=generator).double() ** 3
    return Table(joint / joint.sum())


def twins():
    """Two coupled tokens: 00 or 11."""
    return Table(torch.eye(2) / 2)


def all_masks(length):
    """Every choice of hidden places: bool (2^L, L)."""
    return torch.tensor(list(itertools.product([False, True], repeat=length)))


def table_network(table):
    """The exact answer to a row whose mask says who may look at whom.

    Called as network(ids, places=..., mask=...). Each column gets the law of the token
    at its place, given all that it may look at, but for that place itself.
    """

    def network(ids, places, mask):
        answers = []
        for place, sees in zip(places.tolist(), mask, strict=True):
            seen = torch.full((len(ids), table.length), table.mask)
            for column in sees.nonzero().flatten().tolist():
                seen[:, places[column]] = ids[:, column]
            seen[:, place] = table.mask
            answers.append(table.predict(seen)[:, place])
        return torch.stack(answers, dim=1)

    return network
