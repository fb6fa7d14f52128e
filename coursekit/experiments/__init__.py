"""Experiments behind the figures: plain functions that return numbers.

A lecture's experiment is a module with a function for one seed, and `measure`:

    def measure(seeds: Sequence[int] = (0, 1, 2), quick: bool = False) -> Result:
        n = 500 if quick else 5000

        def one(sampler: str, seed: int) -> Result:
            rows = [scores(sampler, nfe, n, seed) for nfe in NFES]  # {"energy": ...}
            lists = columns(rows)  # a list over NFES for each score
            return {**lists, **entries(NFES, lists)}

        result: Result = {"nfes": list(NFES)}
        for sampler in SAMPLERS:
            result |= prefixed(sampler, for_seeds(one, seeds, sampler))
        return result

`summary` has these words, `train_toy` trains small networks, `train_images` and `cache`
keep what takes long, `image_ruler` judges pictures, `compute` counts FLOPs and seconds.
The `__init__.py` of the lecture's experiments says which figure the module measures.
"""
