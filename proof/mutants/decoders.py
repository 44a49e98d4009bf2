"""Decoders whose formats are as the usual ones are not: shifts to the left, alignments, ties."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from aegru_hw.fixedpoint import FixedDecoder, FixedType
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.fixedpoint.parts import Linear, Table

Sizes = Mapping[str, Any]
"""Arguments of `made`."""

HALF = 1 << 11
"""Of LayerNorm's 1/sqrt: with it every product is a multiple of 2^11, and many lie on a tie."""


def made(seed: int, *, formats: str = "usual", **sizes: Any) -> FixedDecoder:
    """Return a random decoder; formats: usual, coarse or ties.

    coarse: candidates and recurrent candidates have few bits behind the point and latents many, so
    that is aligned which the usual formats leave as it is. ties: normalised states lie in the
    middle between two codes, as often as not.
    """
    decoder = random_decoder(seed, **sizes)
    if formats == "coarse":
        latent = FixedType(8, 7)
        layer, tanh = decoder.input, decoder.tanh
        return replace(
            decoder,
            latent=latent,
            input=Linear(layer.weight, layer.weight_type, layer.bias, latent),
            recurrent_candidate=FixedType(8, 2),
            tanh=Table(tanh.codes >> 2, tanh.address, FixedType(6, 5)),
        )
    if formats == "ties" and decoder.norm is not None:
        return replace(decoder, norm=replace(decoder.norm, rsqrt=np.full(64, HALF)))
    return decoder
