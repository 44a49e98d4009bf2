"""The one table of the campaigns: sums by module, and what stands below it."""

import json
from pathlib import Path

from aegru_hw.rtl.sources import engine_digest
from proof.table import CAMPAIGNS, HEAD, HOLES, holes, load, of_the_whole, table

PROPERTY = {"module": "aegru_fifo", "property": "order", "how": "induction 3", "holds": True}
COVERED = {
    "module": "aegru_fifo",
    **{f"lines{end}": value for end, value in (("", 10), (" reached", 8), (" waived", 2))},
    **{f"toggles{end}": value for end, value in (("", 9), (" reached", 4), (" waived", 1))},
}
FOUND = {
    "properties": {
        "rows": [PROPERTY, {**PROPERTY, "property": "no_loss", "how": "", "holds": False}]
    },
    "coverage": {"rows": [COVERED], "crosses": {"bins": 1432, "reached": 1431}},
    "mutants": {"rows": [{"module": "aegru_fifo", "killed": 9, "relevant": 10}]},
    "resets": {
        "rows": [
            {"lanes": 4, "trials": 2000, "mismatches": 0},
            {"lanes": 1, "trials": 500, "mismatches": 3},
        ]
    },
    "four_state": {"rows": [{"lanes": 1, "ticks": 6, "mismatches": 0, "unknown": 2}]},
}


def test_a_module_and_the_whole(tmp_path: Path) -> None:
    for name, results in FOUND.items():
        stale = "another" if name == "mutants" else engine_digest()
        (tmp_path / f"{name}.json").write_text(json.dumps({"engine": stale, **results}))
    found, notes = load(tmp_path)
    assert notes == [
        "mutants: of another state of rtl/ (`python -m proof.mutants`)",
        "upsets: not run (`python -m proof.upsets`)",
        "netlist: not run (`python -m proof.netlist`)",
    ]
    assert set(found) | {"upsets", "netlist"} == set(CAMPAIGNS)
    fifo, whole = (dict(zip(HEAD, row, strict=True)) for row in table(found))
    assert (fifo["module"], whole["module"]) == ("aegru_fifo", "all")
    for row in (fifo, whole):
        assert (row["lines"], row["toggles"]) == ("100.0%", "50.0%")
        assert row["faults noticed"] == "9 of 10"
        assert row["properties"] == "1 of 2, induction"
    assert of_the_whole(found) == [
        "crosses: 1,431 of 1,432 bins reached",
        "resets: 2,500 trials, P = 1, 4, 3 mismatches",
        "four_state: 6 ticks, P = 1, 2 mismatches",
    ]


def test_the_holes_are_those_of_the_document() -> None:
    heading, *lines = holes().splitlines()
    assert heading == HOLES
    assert [line for line in lines if line] == [line for line in lines if line.startswith("- ")]
    assert len(lines) > 10
