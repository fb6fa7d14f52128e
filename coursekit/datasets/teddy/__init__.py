"""The teddy world: scenes drawn by code, so every attribute of an image is known.

`scene` says what is in a picture, `render` draws it at any size, `captions` and
`programs` write it down as English and as code, `splits` keeps some combinations out
of training, `sample` makes data sets, `prompts` words for them, and `reader` reads the
attributes back (`pair_reader` those of two bears). `clips` has bears that move.
"""
