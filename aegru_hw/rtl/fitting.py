"""Whether a decoder loads into an engine that was made for another one."""

from collections.abc import Mapping

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.address_map import CONFIG
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.lanes import LANES
from aegru_hw.rtl.limits import memory_depth
from aegru_hw.rtl.schedule import schedule

REGISTERS = ("readout_bias0", "readout_bias1")
"""Words of the configuration that are no formats: each image brings its own."""


def spare_words(decoder: FixedDecoder) -> int:
    """Return how many more non-zero weights the engines that are made for a decoder have room for.

    The least of any number of lanes; blocks of their schedules are whole (limits.py).
    """
    spare = []
    for lanes in LANES:
        depth = schedule(decoder, lanes).depth
        spare.append(lanes * (memory_depth(depth) - depth))
    return min(spare)


def loads_in_place_of(decoder: FixedDecoder, other: FixedDecoder) -> bool:
    """Return whether a decoder loads into every engine that is made for another one."""
    return not any(misfits(decoder, engine_parameters(other, lanes)) for lanes in LANES)


def misfits(decoder: FixedDecoder, parameters: Mapping[str, int | str]) -> tuple[str, ...]:
    """Return, in words, why a decoder does not load into an engine of these parameters.

    Empty where it loads. Raises UserError for parameters that are no engine's.
    """
    try:
        lanes = int(parameters["Lanes"])
        image = memory_image(decoder, lanes)
    except KeyError as error:
        raise UserError(f"the engine's parameters lack {error.args[0]}") from None
    except UserError as error:
        return (str(error),)
    needed = image.needs.parameters(lanes)
    found = [
        f"it needs {name} {size}, and the engine has {parameters.get(name, 0)}"
        for name, size in needed.items()
        if name != "Lanes" and size > int(parameters.get(name, 0))
    ]
    fixed = parameters.get("FixedConfig")
    if fixed is None:
        return tuple(found)
    words = fixed_words(str(fixed))
    own = np.asarray(image.memories["config"], dtype=np.int64)
    for index, name in enumerate(CONFIG):
        if name not in REGISTERS and own[index] != words[index]:
            mine, theirs = _signed(int(own[index])), _signed(int(words[index]))
            found.append(f"its {name} is {mine}, and the engine's is wired to {theirs}")
    return tuple(found)


def fixed_words(literal: str) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the words of a parameter FixedConfig, the first one first; UserError for another."""
    _, separator, digits = literal.partition("'h")
    try:
        value = int(digits, 16)
    except ValueError:
        separator = ""
    if not separator or len(digits) % 8 or len(digits) // 8 < len(CONFIG):
        raise UserError("the engine's FixedConfig is damaged")
    count = len(digits) // 8
    return np.array([value >> 32 * index & 0xFFFFFFFF for index in range(count)], dtype=np.int64)


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
