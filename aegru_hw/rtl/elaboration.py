"""What an engine is elaborated with: its maxima, and the number formats that are wired in."""

from dataclasses import dataclass
from typing import Self

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.images import Image, memory_image
from aegru_hw.rtl.limits import Limits, check_bounds, least_limits


@dataclass(frozen=True)
class Elaboration:
    """The least engine of P lanes that holds one image, or each of several.

    fixed_config: the literal of the number formats and the geometry that are wired in; None where
        every image brings its own.
    """

    lanes: int
    limits: Limits
    fixed_config: str | None

    @classmethod
    def of(cls, image: Image, *others: Image, fixed_formats: bool = True) -> Self:
        """Return what an engine for these images is elaborated with, in the formats of the first.

        Raises UserError where no engine holds them.
        """
        lanes = image.schedule.lanes
        limits = least_limits(image.needs, *(other.needs for other in others))
        check_bounds(limits, lanes)
        return cls(lanes, limits, image.fixed_config if fixed_formats else None)

    @property
    def parameters(self) -> dict[str, int | str]:
        """The parameters of rtl/aegru_engine.sv by name."""
        parameters: dict[str, int | str] = dict(self.limits.parameters(self.lanes))
        if self.fixed_config is not None:
            parameters["FixedConfig"] = self.fixed_config
        return parameters


def engine_parameters(
    decoder: FixedDecoder, lanes: int, *, fixed_formats: bool = True
) -> dict[str, int | str]:
    """Return the parameters of the engine of P lanes that is made for a decoder.

    fixed_formats: with its number formats and its geometry wired in.
    Raises UserError where the decoder does not fit any.
    """
    image = memory_image(decoder, lanes)
    return Elaboration.of(image, fixed_formats=fixed_formats).parameters
