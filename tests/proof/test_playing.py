"""The engines that faults are played in, without a fault: all that they are asked holds."""

from pathlib import Path

import pytest

from aegru_hw.rtl.address_map import CONFIG
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.sources import sources
from proof.mutants.engines import PLANS, Plan, compile_engine, opened
from proof.mutants.playing import SURVIVED, WRONG, outcome, play
from proof.mutants.schemata import PACKAGE

CHEAPEST = "one lane, wired formats"


def compiled(plan: Plan, folder: Path) -> Path:
    library = folder / "engine.so"
    assert compile_engine(plan, [PACKAGE, *sources()], library, folder / "work") is None
    return library


@pytest.mark.slow
@pytest.mark.parametrize(
    "plan",
    [pytest.param(p, marks=[] if p.name == CHEAPEST else pytest.mark.cross) for p in PLANS],
    ids=[plan.name for plan in PLANS],
)
def test_the_original(plan: Plan, tmp_path: Path) -> None:
    library = compiled(plan, tmp_path)
    cycles = play(opened(library), plan, 0, 0)
    assert cycles > 10_000
    assert outcome(library, plan, 0, 2 * cycles) == SURVIVED
    assert outcome(library, plan, 0, cycles // 2) not in (SURVIVED, WRONG)


def test_formats_are_unlike_the_usual_ones() -> None:
    """Coarse formats align what the usual ones do not, and shift by one and to the left."""
    aligned, shifts = set(), set()
    for plan in PLANS:
        for decoder in plan.made:
            words = memory_image(decoder, plan.lanes).memories["config"].astype("int32")
            for name, word in zip(CONFIG, words.tolist(), strict=False):
                if name.endswith("_align") and word > 0:
                    aligned.add(name)
                if name.endswith("_shift"):
                    shifts.add(word)
    assert aligned == {name for name in CONFIG if name.endswith("_align")}
    assert {0, 1} <= shifts
    assert min(shifts) < 0
