"""Some rows of an arena's table of models, as of two days.

Source: arena.ai, "text-to-image", in the daily copies of
github.com/oolong-tea-2026/arena-ai-leaderboards: `data/2026-04-19/text-to-image.json`
at a2694df, all 54 models of that day, and the first rows of `data/2026-05-06`.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """One row: `half` is half of the 95 % interval of the rating."""

    rank: int
    model: str
    maker: str
    open: bool  # may its weights be had?
    rating: int
    half: int
    votes: int


APRIL = (
    Place(1, "Gemini 3.1 Flash Image", "Google", False, 1264, 6, 34_861),
    Place(2, "GPT Image 1.5", "OpenAI", False, 1241, 4, 77_435),
    Place(3, "Gemini 3 Pro Image, 2K", "Google", False, 1237, 4, 71_768),
    Place(4, "Gemini 3 Pro Image", "Google", False, 1232, 5, 82_537),
    Place(5, "MAI Image 2", "Microsoft", False, 1189, 6, 16_699),
    Place(14, "FLUX.2 [dev]", "Black Forest Labs", True, 1149, 5, 53_582),
    Place(19, "Qwen-Image 2512", "Alibaba", True, 1133, 4, 59_779),
    Place(38, "Qwen-Image", "Alibaba", True, 1057, 2, 84_672),
    Place(54, "BAGEL", "ByteDance", True, 898, 6, 12_427),  # the last
)
MAY = (
    Place(1, "GPT Image 2, medium", "OpenAI", False, 1398, 8, 31_058),
    Place(2, "Gemini 3.1 Flash Image", "Google", False, 1268, 5, 61_429),
    Place(3, "Gemini 3 Pro Image, 2K", "Google", False, 1242, 4, 100_485),
)
