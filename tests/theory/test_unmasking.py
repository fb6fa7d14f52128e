"""Samplers of hidden tokens. Authority: the law of a known table, counting, order
statistics, and a second implementation with plain loops."""

import itertools
import math

import pytest
import torch
from scipy import stats
from support.tables import Table, random_table, twins
from support.theory import seeded
from torch import nn

from coursekit.theory.unmasking import (
    Ancestral,
    AtRandom,
    ByConfidence,
    EntropyBound,
    FirstHitting,
    Guess,
    Threshold,
    blocks,
    draw_tokens,
    guess_tokens,
    reveal_times,
    share_now,
    unmask,
)

RULES = {
    "ancestral": Ancestral(4),
    "at random": AtRandom(3),
    "by confidence": ByConfidence(3),
    "threshold": Threshold(0.5),
    "entropy": EntropyBound(0.7),
    "first hitting": FirstHitting(),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def hidden(rows, length, mask):
    """A canvas without any text."""
    ids = torch.full((rows, length), mask)
    return ids, torch.ones_like(ids, dtype=torch.bool)


class Reader(nn.Module):
    """A small random network: a place sees all tokens, but for padding."""

    def __init__(self, vocabulary=9, length=16, width=12, seed=0, scale=1.0):
        super().__init__()
        self.pad, self.calls = vocabulary + 1, 0  # the mask is `vocabulary`
        draw = lambda *s: torch.randn(*s, generator=seeded(seed), dtype=torch.float64)  # noqa: E731
        self.words = draw(vocabulary + 2, width)
        self.near = draw(length, length, width) / length**0.5
        self.out = draw(width, vocabulary) * scale

    def forward(self, ids):
        self.calls += 1
        words = self.words[ids] * (ids != self.pad).unsqueeze(-1)
        size = ids.shape[1]
        state = torch.einsum("bjw,ijw->biw", words, self.near[:size, :size])
        return torch.tanh(state) @ self.out


# ---- the law


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_two_coupled_tokens_disagree_if_shown_together(steps):
    """The texts are 00 and 11. Both appear in one step with probability 1 / steps; then
    they are drawn apart, and half of the pairs disagree. 4 standard errors."""
    table, rows = twins(), 20_000
    ids = unmask(
        table.predict, *hidden(rows, 2, 2), Ancestral(steps), generator=seeded(steps)
    ).ids
    wrong = (ids[:, 0] != ids[:, 1]).double().mean()
    p = 0.5 / steps
    assert float(wrong) == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / rows))


@pytest.mark.parametrize(
    "rule", [FirstHitting(), AtRandom(3), EntropyBound(0.0)], ids=lambda r: str(r)
)
def test_one_token_a_pass_gives_the_joint_law(rule):
    """The chain rule, in any order that does not look at the draws."""
    table = random_table(seed=3)
    done = unmask(table.predict, *hidden(30_000, 3, 3), rule, generator=seeded(0))
    assert done.passes == 3
    assert table.agrees(done.ids)


def test_many_ancestral_steps_come_close():
    """Two tokens meet in one of 100 steps with probability 1 / 100."""
    table = random_table(vocabulary=2, length=2, seed=5)
    done = unmask(
        table.predict, *hidden(3_000, 2, 2), Ancestral(100), generator=seeded(0)
    )
    assert table.agrees(done.ids)


def test_a_few_steps_do_not_give_the_joint_law():
    """The same test sees the fault of one pass."""
    table = random_table(seed=3)
    done = unmask(
        table.predict, *hidden(30_000, 3, 3), Ancestral(1), generator=seeded(0)
    )
    assert done.passes == 1 and not table.agrees(done.ids)


def test_given_tokens_are_conditions():
    """Fill the middle: the law of the middle given both ends."""
    table = random_table(seed=3)
    xt = torch.tensor([[2, 3, 0]]).expand(20_000, 3)
    done = unmask(table.predict, xt, xt == 3, FirstHitting(), generator=seeded(0))
    assert (done.ids[:, [0, 2]] == torch.tensor([2, 0])).all()
    middle = table.p.reshape(3, 3, 3)[2, :, 0]
    seen = done.ids[:, 1].bincount(minlength=3)
    assert stats.chisquare(seen, middle / middle.sum() * 20_000).pvalue > 0.01


def test_times_of_the_next_token():
    """The k-th largest of n uniform times has the law Beta(n - k + 1, k)."""
    times = torch.stack([reveal_times(4, seeded(i)) for i in range(3000)])
    assert (times.diff(dim=1) < 0).all()
    for k in range(4):
        law = stats.beta(4 - k, k + 1)
        assert stats.kstest(times[:, k].numpy(), law.cdf).pvalue > 0.01


@pytest.mark.parametrize("temperature", [1.0, 0.5, 2.0])
def test_draws_follow_the_tempered_softmax(temperature):
    logits = torch.tensor([0.0, 1.0, -2.0, 0.5, -torch.inf])
    drawn = draw_tokens(logits.expand(40_000, 5), temperature, seeded(1))
    law = (logits[:4].double() / temperature).softmax(-1)
    seen = drawn.bincount(minlength=5)
    assert seen[4] == 0
    assert stats.chisquare(seen[:4], law * 40_000).pvalue > 0.01
    assert draw_tokens(logits, 0).item() == 1


# ---- how many


@pytest.mark.parametrize("rule", [AtRandom, ByConfidence])
def test_counts_add_up_for_every_length_and_number_of_steps(rule):
    """Division with remainder: the first n % steps get one more. All lengths at once,
    each in its own row."""
    lengths = torch.arange(1, 10)
    masked = torch.arange(9) < lengths.unsqueeze(1)
    for steps in range(1, 13):
        left, counts = masked.clone(), []
        for step in range(steps):
            confidence = torch.rand(9, 9, generator=seeded(step), dtype=torch.float64)
            guess = Guess(left.long(), confidence, confidence)
            shown = rule(steps).reveal(guess, left, step, seeded(step))
            assert not (shown & ~left).any()
            counts.append(shown.sum(1))
            left = left & ~shown
        assert not left.any()
        base, more = lengths // steps, lengths % steps
        wanted = [base + (step < more) for step in range(steps)]
        assert torch.equal(torch.stack(counts), torch.stack(wanted))


@pytest.mark.parametrize("steps", [2, 5])
def test_counts_add_up_inside_blocks(steps):
    """Length 7 in blocks of 3: 3 + 3 + 1 places, each block with its own steps; what is
    reported is what was called."""
    network = Reader(length=7)
    done = unmask(network, *hidden(2, 7, 9), ByConfidence(steps), block=3, history=True)
    assert (done.ids < 9).all()
    assert done.passes == network.calls == sum(min(steps, n) for n in (3, 3, 1))
    order = torch.cat([f.shown[0].nonzero()[:, 0] for f in done.history])
    assert (order // 3).diff().ge(0).all()


def test_blocks_count_hidden_places():
    """A prompt of another length, and a hole in the middle of a text."""
    masked = torch.tensor([[0, 1, 1, 1, 1, 0], [1, 0, 0, 1, 0, 1]]).bool()
    found = torch.stack(list(blocks(masked, 3)))
    assert found.sum(0).bool().equal(masked) and found.sum(0).max() == 1
    assert found[0].long().tolist() == [[0, 1, 1, 1, 0, 0], [1, 0, 0, 1, 0, 1]]
    assert len(list(blocks(masked, None))) == 1
    with pytest.raises(ValueError, match="blocks of 0"):
        list(blocks(masked, 0))


def test_share_now_never_stalls_after_the_last_step():
    assert share_now(torch.ones(1, 5, dtype=torch.bool), steps=2, step=7).item() == 5


def test_an_idle_step_costs_no_pass():
    """Steps that show one of L tokens or more: T (1 - (1 - 1/T)^L) on average."""
    steps, length, runs = 8, 5, 200
    flat = lambda ids: torch.zeros(*ids.shape, 3)  # noqa: E731
    passes = torch.tensor(
        [
            unmask(
                flat, *hidden(1, length, 3), Ancestral(steps), generator=seeded(i)
            ).passes
            for i in range(runs)
        ],
        dtype=torch.float64,
    )
    wanted = steps * (1 - (1 - 1 / steps) ** length)
    error = float(passes.std()) / math.sqrt(runs)
    assert float(passes.mean()) == pytest.approx(wanted, abs=4 * error)


def test_a_threshold_shows_the_sure_ones_or_the_best():
    masked = torch.tensor([[True, True, True, False], [True, True, False, False]])
    sure = torch.tensor([[0.95, 0.2, 0.92, 1.0], [0.3, 0.4, 1.0, 1.0]])
    guess = Guess(masked.long(), sure, sure)
    shown = Threshold(0.9).reveal(guess, masked, 0)
    assert shown.long().tolist() == [[1, 0, 1, 0], [0, 1, 0, 0]]
    network = Reader()
    for level, passes in ((1.1, 6), (0.0, 1)):
        done = unmask(network, *hidden(3, 6, 9), Threshold(level), 0.0)
        assert done.passes == passes


def test_the_entropy_bound_holds_for_any_joint_law():
    """KL(joint || product of marginals) of what one pass shows <= sum H - max H <= the
    bound; one token more would break it. Random tables of three tokens."""
    for seed, nats in itertools.product(range(20), (0.0, 0.3, 0.8, 1.5, math.inf)):
        table = random_table(seed=seed)
        xt, masked = hidden(1, 3, 3)
        logits = table.predict(xt)[0]
        guess = guess_tokens(logits, xt, masked, 1.0, seeded(seed))
        shown = EntropyBound(nats).reveal(guess, masked, 0)[0]
        h = guess.entropy[0]
        exact = torch.distributions.Categorical(logits=logits).entropy()
        torch.testing.assert_close(h, exact)
        bound = float(h[shown].sum() - h[shown].max())
        others = [i for i in range(3) if not shown[i]]
        joint = table.p.reshape(3, 3, 3)
        joint = joint.sum(others, keepdim=True) if others else joint
        product = torch.ones_like(joint)
        for i in range(3):
            if shown[i]:
                rest = [j for j in range(3) if j != i]
                product = product * joint.sum(rest, keepdim=True)
        kl = float((joint * (joint / product).log()).sum())
        assert -1e-12 < kl <= bound + 1e-12 <= nats + 2e-12
        if others:
            assert float(h[shown].sum()) > nats
            assert h[others].min() >= h[shown].max()
        assert int(shown.sum()) == {0.0: 1, math.inf: 3}.get(nats, int(shown.sum()))


def test_the_ends_of_the_entropy_bound():
    """0: one token a pass; infinity: one pass. Given tokens count for nothing."""
    xt, masked = hidden(2, 6, 9)
    xt, masked = xt.clone(), masked.clone()
    xt[1, :3], masked[1, :3] = torch.tensor([1, 2, 3]), False
    assert unmask(Reader(), xt, masked, EntropyBound(0.0), 0.0).passes == 6
    assert unmask(Reader(), xt, masked, EntropyBound(math.inf), 0.0).passes == 1


# ---- which


@every_rule
def test_a_written_token_stays(rule):
    """After each pass, what was shown is the guess of that pass, for good."""
    xt, masked = hidden(5, 8, 9)
    done = unmask(Reader(), xt, masked, rule, 1.0, seeded(0), history=True)
    states = [*(f.before for f in done.history), done.ids]
    left = masked
    for frame, after in zip(done.history, states[1:], strict=True):
        assert not (frame.shown & ~left).any()
        assert torch.equal(after[frame.shown], frame.guess.ids[frame.shown])
        assert torch.equal(after[~frame.shown], frame.before[~frame.shown])
        left = left & ~frame.shown
        assert torch.equal(after == 9, left)
    assert not left.any() and (done.ids < 9).all()


@every_rule
def test_a_mask_in_the_prompt_is_text(rule):
    """The prompt [5, MASK, 7] comes back untouched; the answer has three places."""
    xt = torch.tensor([[5, 9, 7, 9, 9, 9]])
    masked = torch.tensor([[False, False, False, True, True, True]])
    done = unmask(Reader(), xt, masked, rule, 1.0, seeded(0), history=True)
    assert done.ids[0, :3].tolist() == [5, 9, 7] and (done.ids[0, 3:] < 9).all()
    assert sum(int(f.shown.sum()) for f in done.history) == 3


def test_confidence_is_read_before_the_temperature():
    """Eight gaps of 2.0 to 3.4. Divided by T = .1 first, float32 gives one confidence
    for all: the order would be left to right."""
    gaps = torch.tensor([2.6, 3.0, 2.0, 3.4, 2.2, 2.8, 2.4, 3.2])
    logits = torch.stack([gaps, torch.zeros(8)], -1)
    xt, masked = hidden(1, 8, 2)
    assert len((logits / 0.1).softmax(-1)[:, 0].unique()) == 1  # the fault
    orders = []
    for temperature, seed in ((0.0, 0), (0.1, 0), (1.0, 0)):
        while True:  # look at a draw of the probable token everywhere
            guess = guess_tokens(logits, xt, masked, temperature, seeded(seed))
            if not guess.ids.any():
                break
            seed += 1
        wanted = logits.double().softmax(-1)[:, 0]
        torch.testing.assert_close(guess.confidence[0], wanted)
        order = [
            int(ByConfidence(8).reveal(guess, left, step)[0].nonzero())
            for step, left in enumerate(lefts(gaps.argsort(descending=True)))
        ]
        orders.append(order)
    assert orders == [gaps.argsort(descending=True).tolist()] * 3


def lefts(order):
    """What is still hidden before each step of an order: bool (1, L) each."""
    rank = order.argsort().unsqueeze(0)
    return [rank >= step for step in range(len(order))]


def test_confidence_of_a_rare_draw_is_its_own():
    """Not the largest probability: that of the token that was drawn."""
    logits = torch.tensor([[2.0, 0.0, -1.0]]).repeat(200, 1)
    xt, masked = hidden(1, 200, 3)
    guess = guess_tokens(logits, xt, masked, 1.0, seeded(0))
    assert guess.ids.unique().tolist() == [0, 1, 2]
    p = torch.tensor([2.0, 0.0, -1.0]).double().softmax(-1)
    torch.testing.assert_close(guess.confidence, p[guess.ids])


def test_equal_confidence_goes_left_to_right():
    flat = lambda ids: torch.zeros(*ids.shape, 3)  # noqa: E731
    done = unmask(flat, *hidden(2, 7, 3), ByConfidence(7), 0.0, history=True)
    shown = [f.shown[1].nonzero().item() for f in done.history]
    assert shown == list(range(7))


def test_the_end_is_held_back_in_the_ranking_not_in_the_draw():
    """Place 0 is the end at .9, place 1 a word at .6: the word comes first, at any
    temperature. And a forbidden id is never drawn, however probable."""
    end, word = 0, 1
    p = torch.tensor([[0.9, 0.05, 0.05], [0.05, 0.6, 0.35]], dtype=torch.float64)
    predict = lambda ids: p.log().expand(len(ids), 2, 3)  # noqa: E731
    canvas = hidden(1, 2, 4)
    for temperature in (0.0, 0.01, 0.5):
        for held, first_place in (((end,), 1), ((), 0)):
            seed = 0
            while True:
                done = unmask(
                    predict,
                    *canvas,
                    ByConfidence(2),
                    temperature,
                    seeded(seed),
                    last=held,
                    history=True,
                )
                if done.history[0].guess.ids.tolist() == [[end, word]]:
                    break
                seed += 1
            assert done.history[0].shown[0].nonzero().item() == first_place
    rows = unmask(
        predict, *hidden(300, 2, 4), Ancestral(2), 1.0, seeded(0), forbidden=[0]
    )
    assert set(rows.ids.flatten().tolist()) == {1, 2}
    share = (rows.ids[:, 1] == 1).double().mean()  # .6 / .95 once 0 is gone
    assert float(share) == pytest.approx(0.6 / 0.95, abs=4 * math.sqrt(0.24 / 300))


@pytest.mark.parametrize(
    "rule", [ByConfidence(3), Threshold(0.3), EntropyBound(0.7)], ids=lambda r: str(r)
)
def test_a_padded_row_equals_the_row_alone(rule):
    """Temperature 0: nothing is drawn, so company and padding change nothing."""
    network = Reader()
    rows = [[1, 2, 9, 9, 9, 9, 9], [3, 9, 9, 9], [9, 4, 9, 9, 2]]
    ids = torch.full((3, 9), network.pad)
    for row, text in zip(ids, rows, strict=True):
        row[: len(text)] = torch.tensor(text)
    for block in (None, 2):
        both = unmask(network, ids, ids == 9, rule, 0.0, block=block).ids
        for row, text in zip(both, rows, strict=True):
            one = torch.tensor([text])
            alone = unmask(network, one, one == 9, rule, 0.0, block=block).ids[0]
            assert row[: len(text)].tolist() == alone.tolist()
            assert (row[len(text) :] == network.pad).all()


# ---- a second implementation


def by_hand(network, prompt, answer, steps, block, guidance):
    """The sampler of LLaDA at temperature 0, told in loops. The answer is cut into
    blocks. Every block gets its share of the steps, every step its share of the block's
    masks, early ones more. In a step each masked place of the block takes its best
    token, and the surest of them stay. Guidance w: from the prediction without the
    prompt, 1 + w times the way to the one with it."""
    mask = 9
    ids = prompt + [mask] * answer
    steps = steps * block // answer
    for begin in range(len(prompt), len(ids), block):
        for step in range(steps):
            count = block // steps + (1 if step < block % steps else 0)
            logits = network(torch.tensor([ids]))[0]
            if guidance:
                blind = network(
                    torch.tensor([[mask] * len(prompt) + ids[len(prompt) :]])
                )
                logits = blind[0] + (1 + guidance) * (logits - blind[0])
            found = []
            for place in range(begin, begin + block):
                if ids[place] == mask:
                    weights = [math.exp(v) for v in logits[place].tolist()]
                    best = max(range(len(weights)), key=weights.__getitem__)
                    found.append((-weights[best] / sum(weights), place, best))
            for _, place, best in sorted(found)[:count]:
                ids[place] = best
    return ids


@pytest.mark.parametrize("guidance", [0.0, 1.5])
@pytest.mark.parametrize(
    ("steps", "block"), [(12, 12), (4, 12), (5, 12), (6, 4), (12, 3), (3, 4)]
)
def test_the_published_sampler_in_plain_loops(steps, block, guidance):
    network, prompt = Reader(scale=2.0), [4, 0, 7, 7]
    seen = torch.arange(16) < 4

    def predict(ids):
        logits = network(ids)
        if guidance:
            blind = network(ids.masked_fill(seen, 9))
            logits = blind + (1 + guidance) * (logits - blind)
        return logits

    xt = torch.tensor([prompt + [9] * 12])
    rule = ByConfidence(steps * block // 12)
    found = unmask(predict, xt, ~seen.unsqueeze(0), rule, 0.0, block=block).ids
    assert found[0].tolist() == by_hand(network, prompt, 12, steps, block, guidance)


def test_a_table_is_what_it_says():
    """The oracle itself: conditionals by counting."""
    table = Table(torch.tensor([[0.1, 0.2], [0.3, 0.4]], dtype=torch.float64))
    p = table.predict(torch.tensor([[2, 2], [1, 2]])).softmax(-1)
    torch.testing.assert_close(
        p[0], torch.tensor([[0.3, 0.7], [0.4, 0.6]], dtype=torch.float64)
    )
    torch.testing.assert_close(p[1, 1], torch.tensor([3, 4], dtype=torch.float64) / 7)
