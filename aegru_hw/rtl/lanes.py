"""What follows from an engine's number of lanes P alone."""

from aegru_hw.errors import UserError

LANES = (1, 2, 4, 8, 16)
"""The numbers of lanes that an engine can have."""

DEFAULT_LANES = 4
"""P where the user gives none."""

FEW_LANES = 2
LARGEST_GROUP = 8


def check_lanes(lanes: int) -> None:
    """Raise UserError where no engine has this number of lanes."""
    if lanes not in LANES:
        raise UserError(
            f"{lanes} lanes are not possible; choose one of {', '.join(map(str, LANES))}"
        )


def unit_cycles(lanes: int) -> int:
    """Return how many cycles the cell unit takes for a hidden unit: unit_cycles in aegru_pkg.sv."""
    return 4 if lanes <= FEW_LANES else 1


def gates_are_serial(lanes: int) -> bool:
    """Return whether a unit's gates follow each other and share memories of products and biases."""
    return unit_cycles(lanes) > 1


def queue_depth(lanes: int) -> int:
    """Return how many columns can wait in a lane: queue_depth in aegru_pkg.sv."""
    return 1 if lanes <= FEW_LANES else 2


def group_size(lanes: int) -> int:
    """Return how many channels an engine of P lanes compares at once.

    A group takes two cycles: few channels are enough where the products take many.
    """
    return min(lanes, LARGEST_GROUP)
