"""
Evaluates a measure for all customers at once, as the table of a drillthrough page does.

A customer's value is the measure under an additional filter by that customer: counts and sums over the tables of single
customers are computed by customer, and every other part is the same for all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.power_bi.dax_evaluator import Context, Evaluator, Row, Variables
from tests.power_bi.dax_parser import Tree

CUSTOMER = "customer_id"
TABLES = ("Customer Profiles", "Customer Months", "Customer Moves")


@dataclass(frozen=True)
class ByCustomer:
    """The value of each customer; customers without one have *otherwise*."""

    values: dict[Any, Any]
    otherwise: Any = None

    def of(self, customer: Any) -> Any:
        return self.values.get(customer, self.otherwise)


def _each(compute: Callable[..., Any], *values: Any) -> Any:
    """*compute* applied to the values of each customer."""
    parts = [one if isinstance(one, ByCustomer) else ByCustomer({}, one) for one in values]
    named = {customer for one in parts for customer in one.values}
    found = {customer: compute(*(one.of(customer) for one in parts)) for customer in named}
    return ByCustomer(found, compute(*(one.otherwise for one in parts)))


class Lists(Evaluator):
    """Evaluates the measures of lists: customer -> value, for customers with a value."""

    def customers(self, name: str, axis: Context | None = None) -> dict[Any, Any]:
        """The rows of a list, for the members of the mark's *axis*."""
        found = self.measure(name, axis)
        if not isinstance(found, ByCustomer):
            assert found is None, f"{name} is {found} for all customers"
            return {}
        assert found.otherwise is None, f"{name} is {found.otherwise} for all other customers"
        return {customer: value for customer, value in found.values.items() if value is not None}

    def value(self, tree: Tree, context: Context, variables: Variables, row: Row) -> Any:
        kind, *operands = tree
        if kind in ("IF", "&&", "||") and not row:
            first = self.value(operands[0], context, variables, row)
            if isinstance(first, ByCustomer):
                others = [self.value(one, context, variables, row) for one in operands[1:]]
                return _each(_LOGIC[kind], first, *others)
        return super().value(tree, context, variables, row)

    def computed(self, kind: str, values: list[Any]) -> Any:
        if any(isinstance(one, ByCustomer) for one in values):
            return _each(lambda *of: super(Lists, self).computed(kind, list(of)), *values)
        return super().computed(kind, values)

    def aggregated(self, kind: str, column: tuple[str, str], context: Context) -> Any:
        if column[0] not in TABLES:
            return super().aggregated(kind, column, context)
        assert kind == "SUM"
        customers, numbers = self.model.values((column[0], CUSTOMER)), self.model.values(column)
        total: dict[Any, Any] = defaultdict(int)
        for row in self.visible(column[0], context):
            if numbers[row] is not None:
                total[customers[row]] += numbers[row]
        return ByCustomer({customer: float(one) for customer, one in total.items()})

    def asked(self, kind: str, operands: Tree, context: Context, variables: Variables, row: Row) -> Any:
        if kind == "COUNTROWS" and operands[0][0] == "table" and operands[0][1] in TABLES:
            return self._counted(operands[0][1], self.visible(operands[0][1], context))
        if kind == "COUNTROWS" and operands[0][0] == "FILTER" and operands[0][1][0] == "table":
            (_, table), condition = operands[0][1:]
            kept = [n for n in self.visible(table, context) if self._holds(condition, table, n, variables)]
            return self._counted(table, kept)
        return super().asked(kind, operands, context, variables, row)

    def _counted(self, table: str, rows: list[int]) -> ByCustomer:
        customers = self.model.values((table, CUSTOMER))
        count: dict[Any, int] = defaultdict(int)
        for row in rows:
            count[customers[row]] += 1
        return ByCustomer(dict(count))

    def _holds(self, condition: Tree, table: str, number: int, variables: Variables) -> bool:
        """Whether it holds in a row of a table, including the row of its customer."""
        row = {name: self.model.values(name)[number] for name in self.model.types if name[0] == table}
        profiles = TABLES[0]
        if table != profiles:
            place = self._places()[row[table, CUSTOMER]]
            row |= {name: self.model.values(name)[place] for name in self.model.types if name[0] == profiles}
        return bool(self.value(condition, {}, variables, row))

    def _places(self) -> dict[Any, int]:
        key = "places of customers"
        if key not in self._found:
            ids = self.model.values((TABLES[0], CUSTOMER))
            self._found[key] = {customer: place for place, customer in enumerate(ids)}
        return self._found[key]


_LOGIC: dict[str, Callable[..., Any]] = {
    "IF": lambda condition, then, otherwise=None: then if condition else otherwise,
    "&&": lambda *holds: all(holds),
    "||": lambda *holds: any(holds),
}
