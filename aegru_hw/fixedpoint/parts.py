"""The parts of a FixedDecoder: linear layers and lookup tables in integer codes."""

from dataclasses import dataclass, field

import numpy as np

from aegru_hw.fixedpoint.types import Codes, FixedType, width_for


@dataclass(frozen=True)
class Linear:
    """A linear layer in integers: accumulator = weight · x + bias, exact.

    weight: (outputs, inputs) codes of weight_type.
    bias: (outputs,) codes at the accumulator's fraction.
    input_type: the type of x.
    """

    weight: Codes
    weight_type: FixedType
    bias: Codes
    input_type: FixedType
    accumulator: FixedType = field(init=False)

    def __post_init__(self) -> None:
        low, high = self._accumulator_range()
        fraction = self.weight_type.fraction + self.input_type.fraction
        object.__setattr__(self, "accumulator", FixedType(width_for(low, high), fraction))

    def _accumulator_range(self) -> tuple[int, int]:
        """Return bounds of the bias plus any partial sum of products, from the actual weights.

        Partial sums are covered too, so the accumulator is exact in any order of summation.
        """
        products = np.stack(
            [self.weight * self.input_type.min_code, self.weight * self.input_type.max_code]
        )
        low = np.minimum(products.min(axis=0), 0).sum(axis=1) + np.minimum(self.bias, 0)
        high = np.maximum(products.max(axis=0), 0).sum(axis=1) + np.maximum(self.bias, 0)
        return int(low.min()), int(high.max())

    @property
    def non_zero(self) -> int:
        return int(np.count_nonzero(self.weight))

    @property
    def column_sizes(self) -> Codes:
        """Non-zero weights of each input, (inputs,): what a change of it multiplies."""
        return np.count_nonzero(self.weight, axis=0).astype(np.int64)

    def __call__(self, x: Codes) -> Codes:
        """Return the accumulators (..., outputs) for inputs (..., inputs)."""
        accumulators: Codes = x @ self.weight.T + self.bias
        return accumulators


@dataclass(frozen=True)
class Table:
    """A nonlinear function of one code, as the outputs for every address.

    codes: (2^address.width,) codes of `output`, in ascending order of the address.
    """

    codes: Codes
    address: FixedType
    output: FixedType

    def __call__(self, address: Codes) -> Codes:
        """Return the output codes at address codes, which must lie in the address type."""
        found: Codes = self.codes[address - self.address.min_code]
        return found
