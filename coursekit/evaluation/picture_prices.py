"""What a megapixel costs in money, by two ways: FLOPs on a rented GPU, and list prices.

FLOPs / (peak x utilisation) are seconds, and seconds x the price of an hour is money.
A seller's price is another thing: idle machines, staff, profit or a loss are in it.
Prices change; each row says when it held and where that was read.
"""

from typing import NamedTuple

from coursekit.models.picture_cost import PictureCost


class Source(NamedTuple):
    """Where a price was read."""

    url: str
    date: str  # when it held, as the source says: a day or a month
    how: str  # how it came there


class Price(NamedTuple):
    """One row of the table, in US dollars."""

    what: str
    dollars: float
    unit: str  # "GPU hour" or "picture"
    pixels: int  # of the picture, 0 for an hour
    source: Source

    @property
    def per_megapixel(self) -> float:
        """Dollars for a million pixels. Raises ValueError for what has none."""
        if not self.pixels:
            raise ValueError(f"{self.what} is sold by the {self.unit}")
        return self.dollars / self.pixels * 1e6


COPIED = "list price, copied from the seller's page"
TOLD = "list price, as a guide tells it"  # FLUX.2's are those of docs.bfl.ai, undated
RAW = "https://raw.githubusercontent.com"
RECEIPTS = f"{RAW}/datareceipts/data-receipts/main/109-gpu-pricing"
PLANS = f"{RAW}/api-evangelist"
RUNPOD = Source(f"{RECEIPTS}/vendors.json", "2026-11-09", COPIED)
AWS = Source(f"{RECEIPTS}/hyperscalers.json", "2026-11-09", COPIED)
LAMBDA = Source(
    f"{PLANS}/lambda-labs/refs/heads/main/plans/lambda-labs-plans-pricing.yml",
    "2026-09-20",
    COPIED,
)
GEMINI = Source(
    f"{PLANS}/gemini/refs/heads/main/plans/gemini-plans-pricing.yml",
    "2026-09-20",
    COPIED,
)
GPT = Source("https://gptimage.news/it/guide/pricing", "2026-04-21", TOLD)
FLUX = Source(
    "https://developer.puter.com/tutorials/flux-api-pricing/", "2026-06", TOLD
)
# "1K", "2K" and "4K" are about so many pixels a side: smithery.ai/skills/tyrchen
# /gemini-image. FLUX.2 is sold by megapixels of a million: the first has its price, and
# each further one of [klein] 4B costs $0.001.
PRICES = (
    Price("H100 SXM, RunPod Community", 2.69, "GPU hour", 0, RUNPOD),
    Price("H100 SXM, Lambda, one of 8", 3.99, "GPU hour", 0, LAMBDA),
    Price("H100 SXM, AWS p5.48xlarge, one of 8", 6.88, "GPU hour", 0, AWS),
    Price("GPT Image 2, low", 0.006, "picture", 1024**2, GPT),
    Price("GPT Image 2, medium", 0.053, "picture", 1024**2, GPT),
    Price("GPT Image 2, high", 0.211, "picture", 1024**2, GPT),
    Price("Gemini 3 Pro Image, 1K", 0.134, "picture", 1024**2, GEMINI),
    Price("Gemini 3 Pro Image, 2K", 0.134, "picture", 2048**2, GEMINI),
    Price("Gemini 3 Pro Image, 4K", 0.24, "picture", 4096**2, GEMINI),
    Price("FLUX.2 [max], first megapixel", 0.07, "picture", 10**6, FLUX),
    Price("FLUX.2 [pro], first megapixel", 0.03, "picture", 10**6, FLUX),
    Price("FLUX.2 [klein] 4B, first megapixel", 0.014, "picture", 10**6, FLUX),
    Price("FLUX.2 [klein] 4B, 4 megapixels", 0.017, "picture", 4 * 10**6, FLUX),
)


class Machine(NamedTuple):
    """How fast FLOPs go by.

    peak: FLOPs a second that it could do at best, or that one measured product did;
    utilisation: the share of it that a network reaches, in (0, 1]; per_call: seconds
    that a call of the network takes on top, however large its batch. Small networks
    spend more time on that than on their products.
    """

    peak: float
    utilisation: float
    per_call: float = 0.0

    def seconds(self, flops: float, calls: int = 0) -> float:
        """How long so many FLOPs take, in so many calls of the network."""
        return flops / (self.peak * self.utilisation) + calls * self.per_call


def calibrated(
    peak: float, flops: int, calls: int, alone: float, together: float, batch: int
) -> Machine:
    """The machine on which two measurements come out as they did.

    flops: of one picture; alone: the seconds that one takes; together: those of `batch`
    of them, drawn side by side. Both need `calls` calls of the network, so the batch
    costs more by its FLOPs only. Returns a Machine with this peak whose `seconds` gives
    both times, even where a call's seconds then come out below 0 (in a large batch a
    picture can be slower than alone). Raises ValueError where the batch took no longer
    than one.
    """
    each = (together - alone) / (batch - 1)
    if each <= 0:
        raise ValueError("a batch that takes no longer than one picture: measure again")
    return Machine(peak, flops / each / peak, (alone - each) / calls)


# Dense bf16 on tensor cores: glennklockwood.com/garden/processors/h100, "theoretical
# maximum performance". No network reaches it: `utilisation` has no default.
H100_PEAK = 989.4e12


def electricity(watts: float, per_kwh: float) -> float:
    """What an hour of your own machine costs, in the currency of `per_kwh`."""
    return watts / 1000 * per_kwh


def price_per_megapixel(
    cost: PictureCost, machine: Machine, per_hour: float, calls: int = 0
) -> float:
    """What a million pixels cost on a machine at so much an hour.

    cost: of one picture, all its FLOPs; per_hour: price of an hour of the machine, in
    any currency, which the answer is in, too; calls: of the network for one picture
    (0: a batch so large that they do not matter). It is the bare machine, always busy
    with this model.
    """
    spent = machine.seconds(cost.total, calls)
    return cost.per_megapixel(spent) * per_hour / 3600
