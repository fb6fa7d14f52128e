"""Pictures of few colours. Authorities: pictures that have only the palette's colours
come back exactly; the nearest colour of each pixel, found one by one."""

import numpy as np
import torch

from coursekit.datasets.palette_pictures import palette_of, to_pictures, to_tokens


def some(seed, *shape):
    return torch.from_numpy(
        np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    )


def test_tokens_of_a_palette_and_back():
    palette = some(0, 7, 3)
    tokens = torch.randint(7, (4, 25), generator=torch.Generator().manual_seed(1))
    pictures = to_pictures(tokens, palette)
    assert pictures.shape == (4, 5, 5, 3)
    assert (pictures[2, 1, 3] == palette[tokens[2, 8]].numpy()).all()
    assert torch.equal(to_tokens(torch.from_numpy(pictures), palette), tokens)
    hidden = to_pictures(torch.tensor([[0, 1, 7, 99]]), palette)
    assert (hidden[0, 1] == 128).all() and (hidden[0, 0, 0] == palette[0].numpy()).all()


def test_each_pixel_has_its_nearest_colour():
    images, palette = some(2, 2, 3, 4, 3), some(3, 6, 3)
    tokens = to_tokens(images, palette).view(2, 3, 4)
    for n, i, j in np.ndindex(2, 3, 4):
        far = [
            sum((int(a) - int(b)) ** 2 for a, b in zip(images[n, i, j], c, strict=True))
            for c in palette
        ]
        assert far[tokens[n, i, j]] == min(far)


def test_four_colours_are_found_from_dark_to_bright():
    colours = np.array(
        [[10, 0, 30], [200, 30, 20], [40, 220, 90], [250, 250, 240]], np.uint8
    )
    images = colours[np.random.default_rng(0).integers(0, 4, (5, 6, 6))]
    found = palette_of(images, 4).numpy().astype(int)
    assert (abs(found - colours) <= 1).all()
