"""The plots of a sweep."""

from pathlib import Path

import numpy as np

from aegru_hw.sweep.plots import pareto_figure, rate_figure, window_figure, write_plots
from aegru_hw.sweep.study import Trial


def trial(number: int, r2: float, macs: float, front: bool = False, **values: object) -> Trial:
    named = {name.replace("_", ".", 1): value for name, value in values.items()}
    return Trial(number, named, r2, macs, front)


TRIALS = [
    trial(0, 0.70, 900.0, True, pruning_rate=0.5, window_seconds=0.08, window_steps=5),
    trial(1, 0.60, 950.0, False, pruning_rate=0.51, window_seconds=0.08, window_steps=5),
    trial(2, 0.50, 300.0, True, pruning_rate=0.9, window_seconds=0.04, window_steps=5),
    trial(3, 0.65, 800.0, True, pruning_rate=0.3, window_seconds=0.08, window_steps=3),
]


def test_the_pareto_front_is_a_line_over_all_points() -> None:
    others, front = pareto_figure(TRIALS).data
    assert list(others.x) == [950.0]
    assert list(front.x) == [300.0, 800.0, 900.0]
    assert list(front.y) == [0.50, 0.65, 0.70]
    assert "pruning.rate = 0.9" in front.text[0]


def test_the_curve_over_the_pruning_rate_joins_the_best() -> None:
    points, best = rate_figure(TRIALS).data
    assert len(points.x) == 4
    assert list(best.x) == [0.3, 0.5, 0.9]
    assert list(best.y) == [0.65, 0.70, 0.50]


def test_the_heat_map_has_the_best_of_each_cell() -> None:
    (cells,) = window_figure(TRIALS).data
    assert list(cells.x) == ["3", "5"]
    assert list(cells.y) == ["40", "80"]
    assert np.array(cells.z, dtype=object).tolist() == [[None, 0.50], [0.65, 0.70]]


def test_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "sweep.html"
    write_plots(path, TRIALS, "<script>bad</script>.mat")
    page = path.read_text()
    assert page.count("<figure>") == 3
    assert "<script src" not in page
    assert "<script>bad" not in page
    assert "4 trials" in page
    write_plots(path, [trial(0, 0.5, 10.0, True, widths_weight=4)], "made")
    assert path.read_text().count("<figure>") == 1
