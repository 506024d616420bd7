"""Criteria as a tree of plain values, compiled to one SQL condition.

A partner matches when every mandatory criterion holds and, if there are optional
ones, at least one of those holds too (``from_lines``).

A measure is compared on a grid, the currency's rounding or the precision the score
is shown with: ``=`` means "the same once rounded", and exactly one of ``<``, ``=``
and ``>`` holds for any value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.tools import SQL

OPERATORS = ("<", "<=", "=", "!=", ">=", ">")


@dataclass(frozen=True)
class Measure:
    """What is measured, and over which days, both included.

    :param date first: None for everything up to ``last``
    :param date last: None for everything from ``first``
    """

    kind: str
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Leaf:
    """One comparison: ``measure operator target``, on a grid of ``step``."""

    measure: Measure
    operator: str
    target: Decimal
    step: Decimal

    @property
    def lower(self) -> Decimal:
        return self.target - self.step / 2

    @property
    def upper(self) -> Decimal:
        return self.target + self.step / 2


@dataclass(frozen=True)
class Group:
    """``all`` or ``any`` of the children hold; an empty ``any`` never does."""

    kind: str
    children: tuple


@dataclass(frozen=True)
class Column:
    """Where a measure is found in the query, and its value for absent partners.

    :param SQL sql: the column, NULL when the source has no row for the partner
    :param empty: the value such a partner has; None when there is none at all
    """

    sql: SQL
    empty: Decimal | None


def from_lines(mandatory: Iterable[Leaf], optional: Iterable[Leaf]) -> Group:
    """Return the tree of the documented rule for these two kinds of lines."""
    children = list(mandatory)
    if optional := tuple(optional):
        children.append(Group("any", optional))
    return Group("all", tuple(children))


def leaves(node: Leaf | Group) -> list[Leaf]:
    """Return every comparison of the tree, in order."""
    if isinstance(node, Leaf):
        return [node]
    return [leaf for child in node.children for leaf in leaves(child)]


def measures(node: Leaf | Group) -> list[Measure]:
    """Return the different measures that the tree needs, in order."""
    return list(dict.fromkeys(leaf.measure for leaf in leaves(node)))


def holds(leaf: Leaf, value: Decimal | None) -> bool:
    """Return whether the comparison holds for a known value."""
    if value is None:
        return False
    return {
        "<": value < leaf.lower,
        "<=": value < leaf.upper,
        "=": leaf.lower <= value < leaf.upper,
        "!=": not leaf.lower <= value < leaf.upper,
        ">=": value >= leaf.lower,
        ">": value >= leaf.upper,
    }[leaf.operator]


def compile_tree(node: Leaf | Group, columns: Mapping[Measure, Column]) -> SQL:
    """Return the condition of the whole tree over the given columns."""
    if isinstance(node, Leaf):
        return _compile_leaf(node, columns[node.measure])
    if not node.children:
        return SQL("TRUE") if node.kind == "all" else SQL("FALSE")
    joiner = SQL(" AND ") if node.kind == "all" else SQL(" OR ")
    return SQL("(%s)", joiner.join(compile_tree(c, columns) for c in node.children))


def _compile_leaf(leaf: Leaf, column: Column) -> SQL:
    """Compare the column, standing in the empty value only where it would match.

    Without the COALESCE the condition is never true for a NULL, which lets
    PostgreSQL turn the outer join of the source into an inner one: partners without
    a single invoice are then not even looked at.
    """
    value = column.sql
    if holds(leaf, column.empty):
        value = SQL("COALESCE(%s, %s)", column.sql, column.empty)
    return _compare(leaf, value)


def _compare(leaf: Leaf, value: SQL) -> SQL:
    lower, upper = leaf.lower, leaf.upper
    return {
        "<": SQL("%s < %s", value, lower),
        "<=": SQL("%s < %s", value, upper),
        "=": SQL("(%s >= %s AND %s < %s)", value, lower, value, upper),
        "!=": SQL("(%s < %s OR %s >= %s)", value, lower, value, upper),
        ">=": SQL("%s >= %s", value, lower),
        ">": SQL("%s >= %s", value, upper),
    }[leaf.operator]
