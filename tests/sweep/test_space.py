"""What a sweep varies, as the user writes it."""

import pytest

from aegru_hw.errors import UserError
from aegru_hw.sweep.space import DEFAULT_SPACE, Choices, Range, as_facts, ends, parse_space


def test_choices_and_ranges() -> None:
    space = parse_space(
        (
            "pruning.rate=0.3..0.9",
            "window.steps = 3,5, 5",
            "network.norm=layer,none",
            "widths.weight=4..8",
        )
    )
    assert space == {
        "pruning.rate": Range(0.3, 0.9),
        "window.steps": Choices((3, 5)),
        "network.norm": Choices(("layer", "none")),
        "widths.weight": Range(4, 8),
    }
    assert ends(space["pruning.rate"]) == (0.3, 0.9)
    assert as_facts(space)["window.steps"] == [3, 5]


def test_the_default_is_accepted() -> None:
    assert len(parse_space(DEFAULT_SPACE)) == 4


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ([], "nothing is varied"),
        (["pruning.rate"], r"accepted is section\.key=a,b,c or section\.key=low\.\.high"),
        (["pruning.rate="], "accepted is section"),
        (["pruning.rate=0.9..0.3"], "from a number to a greater one"),
        (["pruning.rate=a..b"], "from a number to a greater one"),
        (["pruning.rate=0..inf"], "from a number to a greater one"),
        (["pruning.rate=0.3..1.5"], r"pruning\.rate is 1\.5; accepted is a number from 0"),
        (["widths.weight=4,99"], r"widths\.weight is 99"),
        (["window.steps=2.5"], "a whole number"),
        (["pruning.rat=0.5"], r"accepted is section\.key=value"),
        (["window.steps=3", "window.steps=5"], "twice"),
    ],
)
def test_refused(texts: list[str], says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        parse_space(texts)
    assert "\n" not in str(caught.value)
