"""Criteria as a tree of plain values, compiled to one SQL condition.

A partner matches when every mandatory criterion holds and, if there are optional
ones, at least one of those holds too (``from_lines``).

A measure is compared on a grid, the currency's rounding or the precision the score
is shown with: ``=`` means "the same once rounded", and exactly one of ``<``, ``=``
and ``>`` holds for any value.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from odoo.tools import SQL

OPERATORS = ("<", "<=", "=", "!=", ">=", ">", "between", "set", "not set")


@dataclass(frozen=True)
class Measure:
    """What is measured, and over which days, both included.

    :param date first: None for everything up to ``last``
    :param date last: None for everything from ``first``
    :param key: what else tells it from others of its kind, like products
    """

    kind: str
    first: date | None = None
    last: date | None = None
    key: Hashable = None


@dataclass(frozen=True)
class Leaf:
    """One comparison: ``measure operator target``, on a grid of ``step``.

    :param target_to: the upper end of *between*, included
    :param line_id: the criterion it was made of, for who explains a result
    """

    measure: Measure
    operator: str
    target: Decimal
    step: Decimal
    target_to: Decimal = Decimal(0)
    line_id: int = field(default=0, compare=False)

    @property
    def lower(self) -> Decimal:
        return self.target - self.step / 2

    @property
    def upper(self) -> Decimal:
        target = self.target_to if self.operator == "between" else self.target
        return target + self.step / 2


@dataclass(frozen=True)
class Group:
    """``all``, ``any`` or ``none`` of the children hold.

    An empty ``any`` never holds, an empty ``all`` or ``none`` always.
    """

    kind: str
    children: tuple


@dataclass(frozen=True)
class Column:
    """Where a measure is found in the query, and its value for absent partners.

    :param SQL sql: the column, NULL when the source has no row for the partner
    :param empty: the value such a partner has; None when there is none at all
    :param always_set: the empty value is as good as a measured one
    """

    sql: SQL
    empty: Decimal | None = None
    always_set: bool = False


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
        return leaf.operator == "not set"
    return {
        "<": value < leaf.lower,
        "<=": value < leaf.upper,
        "=": leaf.lower <= value < leaf.upper,
        "!=": not leaf.lower <= value < leaf.upper,
        ">=": value >= leaf.lower,
        ">": value >= leaf.upper,
        "between": leaf.lower <= value < leaf.upper,
        "set": True,
        "not set": False,
    }[leaf.operator]


def holds_for_nothing(node: Leaf | Group, columns: Mapping[Measure, Column]) -> bool:
    """Return whether the tree holds for a partner of whom no source has a row."""
    if isinstance(node, Leaf):
        column = columns[node.measure]
        if node.operator in ("set", "not set"):
            return column.always_set == (node.operator == "set")
        return column.empty is not None and holds(node, column.empty)
    verdicts = [holds_for_nothing(child, columns) for child in node.children]
    if node.kind == "all":
        return all(verdicts)
    return any(verdicts) == (node.kind == "any")


def weakest(trees: Iterable[Group]) -> list[Leaf | Group]:
    """Return few nodes of which one holds whenever one of the trees does.

    Of trees that compare the same measure in the same way, one alone is enough.
    """
    kept = {}
    for tree in trees:
        leaf = tree.children[0] if len(tree.children) == 1 else tree
        if tree.kind != "all" or not isinstance(leaf, Leaf):
            kept[tree] = tree
        elif choose := WEAKER.get(leaf.operator):
            key = (leaf.measure, leaf.operator, leaf.step)
            kept[key] = choose(kept.get(key, leaf), leaf, key=lambda one: one.target)
        else:
            kept[leaf] = leaf
    return list(kept.values())


WEAKER = {">": min, ">=": min, "<": max, "<=": max}


def compile_tree(node: Leaf | Group, columns: Mapping[Measure, Column]) -> SQL:
    """Return the condition of the whole tree over the given columns.

    It may be NULL where a partner has no value. That counts as false, and only *none*
    could turn it into something else.
    """
    if isinstance(node, Leaf):
        return compile_leaf(node, columns[node.measure])
    if not node.children:
        return SQL("FALSE") if node.kind == "any" else SQL("TRUE")
    joiner = SQL(" AND ") if node.kind == "all" else SQL(" OR ")
    joined = SQL("(%s)", joiner.join(compile_tree(c, columns) for c in node.children))
    if node.kind == "none":
        return SQL("NOT COALESCE(%s, FALSE)", joined)
    return joined


def compile_leaf(leaf: Leaf, column: Column) -> SQL:
    """Compare the column, standing in the empty value only where it would match.

    Without the COALESCE the condition is never true for a NULL, which lets
    PostgreSQL turn the outer join of the source into an inner one: partners without
    a single invoice are then not even looked at.
    """
    value = column.sql
    if leaf.operator in ("set", "not set"):
        return _compile_presence(leaf.operator == "set", column)
    if column.empty is not None and holds(leaf, column.empty):
        value = SQL("COALESCE(%s, %s)", column.sql, column.empty)
    return _compare(leaf, value)


def _compile_presence(present: bool, column: Column) -> SQL:
    if column.always_set:
        return SQL("TRUE") if present else SQL("FALSE")
    return SQL("%s IS NOT NULL" if present else "%s IS NULL", column.sql)


def _compare(leaf: Leaf, value: SQL) -> SQL:
    lower, upper = leaf.lower, leaf.upper
    return {
        "<": SQL("%s < %s", value, lower),
        "<=": SQL("%s < %s", value, upper),
        "=": SQL("(%s >= %s AND %s < %s)", value, lower, value, upper),
        "!=": SQL("(%s < %s OR %s >= %s)", value, lower, value, upper),
        ">=": SQL("%s >= %s", value, lower),
        ">": SQL("%s >= %s", value, upper),
        "between": SQL("(%s >= %s AND %s < %s)", value, lower, value, upper),
    }[leaf.operator]
