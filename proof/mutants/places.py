"""Finds every one-line fault of a module in its syntax tree."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pyslang import syntax

from proof.mutants.alternatives import Node, alternatives, of_condition, source_of
from proof.mutants.mutant import Mutant

Kind = syntax.SyntaxKind

CONSTANT_FUNCTIONS = {
    "unit_cycles",
    "queue_depth",
    "at_least",
    "bits_between",
    "gate_sum_bits",
}
"""Functions that the tools compute before simulation."""

SIMULATED = {
    Kind.ContinuousAssign,
    Kind.AlwaysFFBlock,
    Kind.AlwaysCombBlock,
    Kind.FunctionDeclaration,
    Kind.NamedPortConnection,
}
"""What simulation computes; the faults of all else are elaborated."""

NOT_MUTATED = {
    Kind.InitialBlock,
    Kind.ConcurrentAssertionMember,
    Kind.EnumType,
    Kind.ElabSystemTask,
    Kind.AnsiPortList,
    Kind.ParameterPortList,
    Kind.StructType,
    Kind.SimpleAssignmentPattern,
    Kind.StructuredAssignmentPattern,
}
"""Texts, assertions, encodings, defaults of parameters, and what has no widths of its own."""

CONSTANT_PARTS = {
    Kind.SimpleRangeSelect,
    Kind.VariableDimension,
    Kind.ForVariableDeclaration,
    Kind.ParameterValueAssignment,
}
"""Parts of what is simulated that must be constant."""


def mutants_of(path: Path) -> list[Mutant]:
    """Return every fault of a file's module that this package knows, in the order of the text."""
    text = text_of(path)
    tree = syntax.SyntaxTree.fromText(path.read_text(encoding="utf-8"))
    found = _Finder(path.stem, text)
    found.walk(tree.root, elaborated=True)
    counts: Counter[tuple[str, str, str]] = Counter()
    mutants = []
    for mutant in sorted(found.mutants, key=lambda mutant: (mutant.begin, -mutant.end)):
        key = (mutant.source, mutant.original, mutant.replacement)
        mutants.append(replace(mutant, occurrence=counts[key]))
        counts[key] += 1
    return mutants


def text_of(path: Path) -> str:
    """Return a file's bytes, a letter each: that is how the syntax tree counts."""
    return path.read_bytes().decode("latin-1")


class _Finder:
    def __init__(self, module: str, text: str) -> None:
        self.module, self.text = module, text
        self.mutants: list[Mutant] = []
        self.starts = [0, *(at + 1 for at, letter in enumerate(text) if letter == "\n")]

    def walk(self, node: Node, *, elaborated: bool, nested: bool = False) -> None:
        """Collect the faults in a node; nested: it is within an `if` or a `case`."""
        kind = node.kind
        if kind in NOT_MUTATED or _refuses(node) or _is_unused(node):
            return
        if kind in SIMULATED:
            elaborated = kind == Kind.FunctionDeclaration and _name(node) in CONSTANT_FUNCTIONS
        self._at(node, elaborated=elaborated, nested=nested)
        nested = nested or kind in (Kind.ConditionalStatement, Kind.CaseStatement)
        for child, constant in _children(node):
            self.walk(child, elaborated=elaborated or constant, nested=nested)

    def _at(self, node: Node, *, elaborated: bool, nested: bool) -> None:
        if isinstance(node, syntax.ExpressionSyntax):
            for replacement in alternatives(node, self.text):
                self._add(node, replacement, elaborated)
        if node.kind == Kind.ConditionalStatement and not elaborated:
            for replacement in of_condition(node.predicate, self.text):
                self._add(node.predicate, replacement, elaborated)
        if node.kind == Kind.ExpressionStatement and not elaborated:
            assigns = node.expr.kind
            if assigns == Kind.NonblockingAssignmentExpression or (
                assigns == Kind.AssignmentExpression and nested
            ):
                self._add(node, "", elaborated)

    def _add(self, node: Node, replacement: str, elaborated: bool) -> None:
        begin, end = node.sourceRange.start.offset, node.sourceRange.end.offset
        line = sum(start <= begin for start in self.starts)
        source = self.text[self.starts[line - 1] :].partition("\n")[0].strip()
        self.mutants.append(
            Mutant(
                module=self.module,
                line=line,
                source=source.encode("latin-1").decode("utf-8"),
                begin=begin,
                end=end,
                original=source_of(node, self.text),
                replacement=replacement,
                elaborated=elaborated,
                statement=node.kind == Kind.ExpressionStatement,
            )
        )


def _children(node: Node) -> Iterator[tuple[Node, bool]]:
    """Yield a node's children, and whether they must be constant where the node need not be."""
    for child in node:
        if not isinstance(child, syntax.SyntaxNode):
            continue
        constant = child.kind in CONSTANT_PARTS
        if node.kind == Kind.CastExpression:
            constant = child == node.left
        elif node.kind in (Kind.AscendingRangeSelect, Kind.DescendingRangeSelect):
            constant = child == node.right
        elif node.kind == Kind.MultipleConcatenationExpression:
            constant = child == node.expression
        elif node.kind == Kind.ForLoopStatement:
            constant = child != node.statement
        elif node.kind == Kind.StandardCaseItem:
            constant = child != node.clause
        elif node.kind == Kind.InvocationExpression:
            constant = str(node.left).strip().startswith("$")
        elif node.kind in (Kind.DataDeclaration, Kind.LocalVariableDeclaration):
            constant = child == node.type
        yield child, constant


def _refuses(node: Node) -> bool:
    """Return whether this is a generate block that only stops elaboration."""
    return node.kind == Kind.IfGenerate and "gen_refuse" in str(node)


def _is_unused(node: Node) -> bool:
    """Return whether this only names what nothing reads, for lint."""
    return node.kind == Kind.ContinuousAssign and str(node).split()[1].startswith("unused")


def _name(function: Node) -> str:
    return str(function.prototype.name).strip()
