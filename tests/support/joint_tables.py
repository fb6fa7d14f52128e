"""Exact language models: a table with the probability of every text."""

import torch

MASK = 99  # an id that no word has


def random_table(length, words, seed=0):
    """A probability for each text, (words,) * length, float64; none is 0."""
    generator = torch.Generator().manual_seed(seed)
    shape = (words,) * length
    weights = torch.rand(shape, generator=generator, dtype=torch.float64) + 0.05
    return weights / weights.sum()


def conditional(table, place, known):
    """p(token at `place` | the tokens of `known`, a dict from place to word)."""
    if place in known:  # a network says something there too
        known = {k: v for k, v in known.items() if k != place}
    rows = table
    for k, word in known.items():
        chosen = torch.zeros(table.shape[k], dtype=table.dtype)
        chosen[word] = 1
        rows = rows * chosen.view([-1 if d == k else 1 for d in range(table.dim())])
    p = rows.sum([d for d in range(table.dim()) if d != place])
    return p / p.sum()


def table_predict(table):
    """The exact answer to ids (B, L) with holes: logits (B, L, V)."""
    answers = {}

    def of_row(row):
        if row not in answers:
            known = {i: v for i, v in enumerate(row) if v != MASK}
            p = [conditional(table, i, known) for i in range(len(row))]
            answers[row] = torch.stack(p).log()
        return answers[row]

    def predict(ids):
        return torch.stack([of_row(tuple(row)) for row in ids.tolist()])

    return predict


def table_network(table):
    """The exact answer to a doubled row: what its mask lets a token see is known.

    Called as network(ids, places=..., mask=...). Every column gets the law of the token
    at its place, given all that it may look at, but for itself and what is hidden.
    """
    answers = {}

    def answer(place, known):
        if (place, known) not in answers:
            answers[place, known] = conditional(table, place, dict(known)).log()
        return answers[place, known]

    def network(ids, places, mask):
        where = places.tolist()
        sees = [row.nonzero().flatten().tolist() for row in mask]

        def of(row, i):
            seen = {where[j]: row[j] for j in sees[i] if row[j] != MASK}
            return answer(where[i], tuple(sorted(seen.items())))

        rows = [[of(row, i) for i in range(len(row))] for row in ids.tolist()]
        return torch.stack([torch.stack(row) for row in rows])

    return network
