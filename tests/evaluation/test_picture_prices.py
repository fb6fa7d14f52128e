"""Prices. Authorities: units, proportions, and the fields that every row must have."""

import re

import pytest

from coursekit.evaluation.picture_prices import (
    H100_PEAK,
    PRICES,
    Machine,
    calibrated,
    electricity,
    price_per_megapixel,
)
from coursekit.models.published_shapes import SHAPES, published_cost

HOURS = [p for p in PRICES if p.unit == "GPU hour"]
PICTURES = [p for p in PRICES if p.unit == "picture"]


@pytest.mark.parametrize("row", PRICES, ids=lambda row: row.what)
def test_every_price_has_a_source_a_date_and_says_what_it_is(row):
    assert row.dollars > 0 and row.unit in ("GPU hour", "picture")
    assert (row.unit == "picture") == (row.pixels > 0)
    assert re.fullmatch(r"https://[\w.-]+\.\w+/\S+", row.source.url)
    assert re.fullmatch(r"20\d\d-(0\d|1[0-2])(-[0-3]\d)?", row.source.date)
    assert row.source.how.startswith("list price")


def test_there_are_two_sources_for_each_kind_of_price():
    for rows in (HOURS, PICTURES):
        assert len({row.source.url for row in rows}) >= 2
    assert len({row.what for row in PRICES}) == len(PRICES)


def test_the_price_of_a_picture_is_shared_by_its_pixels():
    by_name = {row.what: row.per_megapixel for row in PICTURES}
    one, two = (by_name[f"Gemini 3 Pro Image, {k}"] for k in ("1K", "2K"))
    assert one == pytest.approx(0.134 / 1.048576)
    assert one == pytest.approx(4 * two)  # the same price for four times the pixels
    with pytest.raises(ValueError, match="GPU hour"):
        _ = HOURS[0].per_megapixel


def test_an_hour_of_flops_costs_an_hour():
    cost = published_cost(SHAPES["HiDream-O1-Image"], 1024, 512)
    ideal = Machine(cost.total / 3600, 1.0)
    assert ideal.seconds(cost.total) == pytest.approx(3600)
    assert price_per_megapixel(cost, ideal, 2.5) == pytest.approx(2.5 / 1.048576)
    half = ideal._replace(utilisation=0.5)
    assert price_per_megapixel(cost, half, 2.5) == pytest.approx(5 / 1.048576)
    slow = ideal._replace(per_call=36.0)  # a hundred calls take an hour more
    assert price_per_megapixel(cost, slow, 2.5, 100) == pytest.approx(5 / 1.048576)
    assert electricity(50, 0.3) == pytest.approx(0.015)


def test_a_machine_is_found_again_by_two_measurements():
    machine = Machine(peak=4e9, utilisation=0.25, per_call=0.003)
    alone, together = (machine.seconds(n * 2e8, 24) for n in (1, 16))
    assert alone == pytest.approx(0.2 + 0.072)
    found = calibrated(4e9, int(2e8), 24, alone, together, 16)
    assert found == pytest.approx(machine)
    with pytest.raises(ValueError, match="measure again"):
        calibrated(4e9, int(2e8), 24, 1.0, 0.9, 16)


def test_a_gpu_alone_makes_a_megapixel_for_cents():
    """More than a tenth of a cent and less than a dollar, the dearest of three shapes
    and hours included: a factor of 1,000 in FLOPs or seconds would show."""
    machine = Machine(H100_PEAK, 0.4)
    for shape in SHAPES.values():
        cost = published_cost(shape, 1024, 512)
        for hour in HOURS:
            assert 1e-3 < price_per_megapixel(cost, machine, hour.dollars) < 1
