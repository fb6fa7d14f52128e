"""One class, three ways to look: held together by perturbation and by the cache."""

import pytest
import torch

from coursekit.models.token_transformer import (
    TokenConfig,
    TokenTransformer,
    prompt_mask,
)

CONFIG = TokenConfig(vocabulary=11, length=12, width=16, depth=2, heads=2)


@pytest.fixture
def net() -> TokenTransformer:
    """A small network whose layers all do something."""
    torch.manual_seed(0)
    net = TokenTransformer(CONFIG).double().eval()
    for value in net.parameters():
        torch.nn.init.normal_(value, std=0.3)
    return net


def ids(batch: int = 2) -> torch.Tensor:
    """Rows with a hidden token."""
    rows = torch.randint(0, 11, (batch, 12), generator=torch.Generator().manual_seed(1))
    rows[:, 7] = CONFIG.mask_id
    return rows


def moved(net: TokenTransformer, place: int, **options: object) -> torch.Tensor:
    """(12,) bool: whose logits change when one token changes."""
    before, rows = net(ids(), **options), ids()
    rows[:, place] = (rows[:, place] + 1) % 11
    return (net(rows, **options) - before).abs().amax(dim=(0, 2)) > 1e-9


def test_left_to_right_a_token_moves_itself_and_what_follows(
    net: TokenTransformer,
) -> None:
    """Invariant: causality, by perturbation."""
    assert moved(net, 4, causal=True).tolist() == [i >= 4 for i in range(12)]


def test_without_a_mask_a_later_token_moves_earlier_ones(net: TokenTransformer) -> None:
    """Why a masked model cannot keep keys and values of a canvas that still changes."""
    assert moved(net, 9).all()


def test_a_prompt_does_not_see_its_canvas(net: TokenTransformer) -> None:
    """Invariant: what `prompt_mask` allows, by perturbation."""
    mask = prompt_mask(5, 12)
    assert moved(net, 9, mask=mask).tolist() == [i >= 5 for i in range(12)]
    assert moved(net, 2, mask=mask).all()


@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_cache_gives_the_logits_of_the_whole_pass(
    net: TokenTransformer, cut: int
) -> None:
    """Invariant: causal in one pass, or the first part kept and then one by one."""
    rows, cache = ids(), net.new_cache(2)
    parts = [net(rows[:, :cut], causal=True, cache=cache)]
    parts += [net(rows[:, i : i + 1], causal=True, cache=cache) for i in range(cut, 12)]
    torch.testing.assert_close(torch.cat(parts, 1), net(rows, causal=True))
    assert cache.length == 12


def test_a_cached_prompt_gives_the_logits_of_the_masked_pass(
    net: TokenTransformer,
) -> None:
    """Invariant: a finished block is read once; a canvas that is not kept is tried."""
    rows, cache = ids(), net.new_cache(2)
    net(rows[:, :5], cache=cache)
    cache.keep = False
    for _ in range(2):  # nothing of the first try is left
        canvas = net(rows[:, 5:], cache=cache)
        assert cache.length == 5
        whole = net(rows, mask=prompt_mask(5, 12))
        torch.testing.assert_close(canvas, whole[:, 5:])


def test_rows_of_a_cache_go_on_alone(net: TokenTransformer) -> None:
    """Invariant: a row does not know its neighbours."""
    rows, cache = ids(3), net.new_cache(3)
    net(rows[:, :6], causal=True, cache=cache)
    fewer = cache.rows(torch.tensor([2]))
    alone = net(rows[2:, 6:7], causal=True, cache=fewer)
    torch.testing.assert_close(alone, net(rows, causal=True)[2:, 6:7])
    assert cache.length == 6


def test_places_say_where_a_column_stands(net: TokenTransformer) -> None:
    """Invariant: columns in another order, with their places, answer the same."""
    order = torch.randperm(12, generator=torch.Generator().manual_seed(2))
    there = net(ids()[:, order], places=order)
    torch.testing.assert_close(there, net(ids())[:, order])


def test_the_mask_is_read_and_never_predicted(net: TokenTransformer) -> None:
    """The table has one row more than there are logits."""
    assert net(ids()).shape == (2, 12, 11)
    assert net.token.weight.shape[0] == CONFIG.mask_id + 1


def test_too_many_columns_are_refused(net: TokenTransformer) -> None:
    """One line that names both numbers."""
    with pytest.raises(ValueError, match="13 places, the network has 12"):
        net(torch.zeros(1, 13, dtype=torch.long))
