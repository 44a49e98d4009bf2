"""Putting an ONNX graph of 64-bit integers together, and requantising in it.

Codes are int64 throughout. ONNX shifts unsigned numbers alone and divides signed ones towards zero,
so `Rounding` moves codes above zero first, by a multiple of what it divides by.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.export.c_text import type_of
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.needs.table import NEEDS

if TYPE_CHECKING:
    import onnx

ABOVE = 1 << 62
"""Added to codes of a magnitude up to 2^61: no sum leaves 64 bits, none is negative."""

LONGEST_SHIFT = 61
OPSET, IR_VERSION = 17, 8


def onnx_package() -> Any:
    """Return the package onnx; UserError that says how to get it where it is not installed."""
    try:
        import onnx
        import onnx.checker
        import onnx.helper
        import onnx.numpy_helper
    except ImportError:
        raise UserError(NEEDS["onnx"].missing_text()) from None
    return onnx


class GraphBuilder:
    """Nodes, constants, states and outputs of a graph; a tensor is known by its name."""

    def __init__(self) -> None:
        self._onnx = onnx_package()
        self._nodes: list[Any] = []
        self._constants: dict[str, NDArray[Any]] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._made = 0

    def input(
        self, name: str, shape: Sequence[int], default: NDArray[np.int64] | None = None
    ) -> str:
        """Add an int64 input, of a default where it has one; return its name."""
        self._inputs.append(self._described(name, shape))
        if default is not None:
            self._constants[name] = default.astype(np.int64)
        return name

    def output(self, name: str, tensor: str, shape: Sequence[int]) -> None:
        """Give a tensor out under a name."""
        self._outputs.append(self._described(name, shape))
        self._nodes.append(self._onnx.helper.make_node("Identity", [tensor], [name], name=name))

    def constant(self, value: int | Sequence[int] | NDArray[np.int64]) -> str:
        """Add an int64 constant; return its name."""
        return self._kept("constant", np.asarray(value, dtype=np.int64))

    def table(self, name: str, codes: NDArray[np.int64]) -> str:
        """Add codes, stored in the smallest type that holds them; return their name as int64."""
        small = np.dtype(type_of(codes).removesuffix("_t"))
        self._constants[f"{name}_codes"] = codes.astype(small)
        int64 = self._onnx.TensorProto.INT64
        return self.op("Cast", f"{name}_codes", name=name, to=int64)

    def op(self, kind: str, *tensors: str, name: str = "", **attributes: Any) -> str:
        """Add a node of one output; return the output's name."""
        name = name or self._name(kind.lower())
        node = self._onnx.helper.make_node(kind, [*tensors], [name], name=name, **attributes)
        self._nodes.append(node)
        return name

    def add(self, one: str, other: str | int, name: str = "") -> str:
        return self.op("Add", one, self._tensor(other), name=name)

    def subtract(self, one: str, other: str | int) -> str:
        return self.op("Sub", one, self._tensor(other))

    def multiply(self, one: str, other: str | int, name: str = "") -> str:
        return (
            one if other == 1 and not name else self.op("Mul", one, self._tensor(other), name=name)
        )

    def divide(self, one: str, other: str | int) -> str:
        """Divide numbers that are not negative, rounding down."""
        return self.op("Div", one, self._tensor(other))

    def remainder(self, one: str, other: int) -> str:
        return self.op("Mod", one, self._tensor(other))

    def clip(self, one: str, low: int, high: int, name: str = "") -> str:
        return self.op("Clip", one, self._tensor(low), self._tensor(high), name=name)

    def gather(self, table: str, index: str | int, name: str = "") -> str:
        return self.op("Gather", table, self._tensor(index), name=name, axis=0)

    def last(self, tensor: str, start: int, stop: int) -> str:
        """Return a part of the last axis."""
        return self.op("Slice", tensor, *(self.constant([n]) for n in (start, stop, -1)))

    def rows(self, tensor: str, start: int, stop: int) -> str:
        """Return a part of the first axis."""
        return self.op("Slice", tensor, *(self.constant([n]) for n in (start, stop, 0)))

    def sum(self, tensor: str, axis: int, *, keep: bool) -> str:
        return self.op("ReduceSum", tensor, self.constant([axis]), keepdims=int(keep))

    def requantise(self, tensor: str, shift: int, kind: FixedType, name: str) -> str:
        """Return codes / 2^shift rounded half to even and saturated, as fixedpoint/arithmetic.py.

        tensor: codes of a magnitude up to 2^60.
        """
        if shift > LONGEST_SHIFT:  # nothing is left
            return self.multiply(tensor, 0, name=name)
        if shift > 0:
            rounded = self.rounded(tensor, 1 << shift, 1 << (shift - 1), ABOVE >> shift)
        else:
            scale = 1 << min(-shift, 30)  # where one unit saturates, more is the same
            low, high = kind.min_code // scale - 1, kind.max_code // scale + 1
            rounded = self.multiply(self.clip(tensor, low, high), scale)
        return self.clip(rounded, kind.min_code, kind.max_code, name=name)

    def rounded(self, tensor: str, divisor: str | int, half: str | int, above: str | int) -> str:
        """Return codes / divisor rounded half to even.

        divisor: a power of two, at least 2. half: of it. above: ABOVE / divisor. A tie stays below
        the next code where the floor is even, and reaches it where it is odd.
        """
        positive = self.add(tensor, ABOVE)
        odd = self.remainder(self.divide(positive, divisor), 2)
        below_half = self.subtract(self.add(positive, half), 1)
        return self.subtract(self.divide(self.add(below_half, odd), divisor), above)

    def model(self, name: str, documentation: str, facts: dict[str, str]) -> "onnx.ModelProto":
        """Return the checked model."""
        helper = self._onnx.helper
        constants = [
            self._onnx.numpy_helper.from_array(np.asarray(codes, order="C"), constant)
            for constant, codes in self._constants.items()
        ]
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, constants, documentation
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], producer_name="aegru-hw")
        model.ir_version = IR_VERSION
        helper.set_model_props(model, facts)
        self._onnx.checker.check_model(model, full_check=True)
        return model

    def _described(self, name: str, shape: Sequence[int]) -> Any:
        int64 = self._onnx.TensorProto.INT64
        return self._onnx.helper.make_tensor_value_info(name, int64, list(shape))

    def _tensor(self, value: str | int) -> str:
        return value if isinstance(value, str) else self.constant(value)

    def _kept(self, name: str, codes: NDArray[np.int64]) -> str:
        """Return the name of a constant, the same for the same codes."""
        for known, kept in self._constants.items():
            if known.startswith(name) and kept.shape == codes.shape and (kept == codes).all():
                return known
        name = self._name(name)
        self._constants[name] = codes
        return name

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._made}"
