"""What may stand in place of an expression or a statement: one-line faults by kind of syntax."""

import re
from collections.abc import Iterator
from typing import Any

from pyslang import syntax

Kind = syntax.SyntaxKind
Node = Any
"""A syntax node: each kind has fields of its own."""

SWAPPED_OPERATORS = {
    Kind.AddExpression: ["-"],
    Kind.SubtractExpression: ["+"],
    Kind.MultiplyExpression: ["+"],
    Kind.EqualityExpression: ["!="],
    Kind.InequalityExpression: ["=="],
    Kind.LessThanExpression: ["<=", ">="],
    Kind.LessThanEqualExpression: ["<", ">"],
    Kind.GreaterThanExpression: [">=", "<="],
    Kind.GreaterThanEqualExpression: [">", "<"],
    Kind.BinaryAndExpression: ["|"],
    Kind.BinaryOrExpression: ["&"],
    Kind.BinaryXorExpression: ["|"],
    Kind.LogicalAndExpression: ["||"],
    Kind.LogicalOrExpression: ["&&"],
    Kind.LogicalShiftLeftExpression: [">>"],
    Kind.LogicalShiftRightExpression: ["<<"],
    Kind.ArithmeticShiftLeftExpression: [">>>"],
    Kind.ArithmeticShiftRightExpression: [">>", "<<<"],
}
"""Other operators in place of one, boundaries of comparisons among them."""

GUARDS = {
    Kind.BinaryAndExpression,
    Kind.BinaryOrExpression,
    Kind.LogicalAndExpression,
    Kind.LogicalOrExpression,
}
"""Either operand alone is a fault too: a guard that is dropped."""

UNORDERED = {Kind.SubtractExpression}
"""Operands may be swapped."""

NEGATIONS = {
    Kind.UnaryBitwiseNotExpression,
    Kind.UnaryLogicalNotExpression,
    Kind.UnaryMinusExpression,
}
REDUCTIONS = {Kind.UnaryBitwiseAndExpression: "|", Kind.UnaryBitwiseOrExpression: "&"}
LITERALS = {Kind.IntegerLiteralExpression, Kind.IntegerVectorExpression}

_VECTOR = re.compile(r"(?P<size>\d+)\s*'\s*(?P<sign>s?)(?P<base>[bdh])(?P<digits>[0-9a-fA-F_]+)")
_BASES = {"b": (2, "b"), "d": (10, "d"), "h": (16, "X")}


def alternatives(node: Node, text: str) -> Iterator[str]:
    """Yield what may stand in place of an expression; nothing for syntax without a fault.

    text: the source that the node's ranges are of.
    """
    kind = node.kind
    if kind in SWAPPED_OPERATORS:
        left, right = (source_of(side, text) for side in (node.left, node.right))
        for operator in SWAPPED_OPERATORS[kind]:
            yield f"{left} {operator} {right}"
        if kind in GUARDS:
            yield from (left, right)
        if kind in UNORDERED:
            yield f"({right}) - ({left})"
    elif kind in NEGATIONS:
        yield source_of(node.operand, text)
    elif kind in REDUCTIONS:
        yield f"{REDUCTIONS[kind]}{source_of(node.operand, text)}"
    elif kind == Kind.ConditionalExpression:
        left, right = source_of(node.left, text), source_of(node.right, text)
        yield from (left, right, f"{source_of(node.predicate, text)} ? {right} : {left}")
    elif kind == Kind.UnbasedUnsizedLiteralExpression:
        yield {"'0": "'1", "'1": "'0"}[source_of(node, text)]
    elif kind in LITERALS:
        yield from neighbours(source_of(node, text))


def of_condition(node: Node, text: str) -> list[str]:
    """Return what may stand in place of the condition of an `if`."""
    whole = source_of(node, text)
    # Of an expression with an operator, that operator's faults negate it.
    return [*([f"!{whole}"] if whole.isidentifier() else []), "1'b0", "1'b1"]


def neighbours(literal: str) -> list[str]:
    """Return the literals of one more and of one less, as wide as the literal."""
    if literal.isdigit():
        value = int(literal)
        return [str(value + 1), *([str(value - 1)] if value else [])]
    match = _VECTOR.fullmatch(literal)
    if match is None:
        return []
    base, form = _BASES[match["base"]]
    size, value = int(match["size"]), int(match["digits"].replace("_", ""), base)
    values = dict.fromkeys((value + step) % 2**size for step in (1, -1))
    prefix = f"{size}'{match['sign']}{match['base']}"
    return [f"{prefix}{other:{form}}" for other in values if other != value]


def source_of(node: Node, text: str) -> str:
    """Return a node's own text."""
    return text[node.sourceRange.start.offset : node.sourceRange.end.offset]
