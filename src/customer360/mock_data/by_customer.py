"""Computations within each customer, for all customers at once, on rows in the order of their customers."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np

from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import Integers

_APART: Final = 1 << 44
"""More than any customer's values, so that the values of all customers form one rising curve."""


class ByCustomer:
    """Computes within each customer; *member* is the customer of each row, in order, as an array index."""

    def __init__(self, member: Integers) -> None:
        self.member = member

    @cached_property
    def is_first(self) -> Flags:
        """Whether each row is the first of its customer."""
        first: Flags = np.append(True, np.diff(self.member) != 0)[: len(self.member)]
        return first

    @cached_property
    def starts(self) -> Integers:
        """The index of each customer's first row."""
        return np.flatnonzero(self.is_first)

    @cached_property
    def number(self) -> Integers:
        """For each row, the index of its customer among those with rows."""
        numbers: Integers = np.cumsum(self.is_first) - 1
        return numbers

    @property
    def place(self) -> Integers:
        """Each row's position among its customer's rows, from 0."""
        places: Integers = np.arange(len(self.member)) - self.starts[self.number]
        return places

    def running(self, values: Integers) -> Integers:
        """The running sum of *values* within each customer."""
        sums = np.cumsum(values)
        running: Integers = sums - (sums - values)[self.starts][self.number]
        return running

    def rising(self, values: Integers) -> Integers:
        """The running maximum of *values*, which are 0 or more, within each customer."""
        apart = self.member * _APART
        rising: Integers = np.maximum.accumulate(values + apart) - apart
        return rising

    def before(self, values: Any) -> Any:
        """The value of the customer's previous row; 0 for the first row."""
        before = np.roll(values, 1)
        before[self.is_first] = 0
        return before

    def highest(self, values: Any) -> Any:
        """For each row, the highest of the *values* of its customer."""
        return np.maximum.reduceat(values, self.starts)[self.number] if len(values) else values

    def totals(self, values: Integers, members: int) -> Integers:
        """The sum of *values* for each of *members* customers, including those without a row."""
        totals = np.zeros(members, dtype=np.int64)
        if len(values):
            totals[self.member[self.starts]] = np.add.reduceat(values, self.starts)
        return totals
