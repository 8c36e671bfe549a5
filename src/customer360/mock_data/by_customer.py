"""Rows in the order of their customers: what is computed within each customer, for all at once."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import numpy as np

from customer360.mock_data.columns import Flags
from customer360.mock_data.draws import Integers

_APART: Final = 1 << 44
"""More than any customer's values, so that those of all rise on one curve."""


class ByCustomer:
    """Computes within each customer; *member* is the customer of each row, in order, as a place in an array."""

    def __init__(self, member: Integers) -> None:
        self.member = member

    @cached_property
    def is_first(self) -> Flags:
        """Whether it is the first row of its customer."""
        first: Flags = np.append(True, np.diff(self.member) != 0)[: len(self.member)]
        return first

    @cached_property
    def starts(self) -> Integers:
        """Where each customer's rows begin."""
        return np.flatnonzero(self.is_first)

    @cached_property
    def number(self) -> Integers:
        """For each row, which one its customer is of those who have any."""
        numbers: Integers = np.cumsum(self.is_first) - 1
        return numbers

    @property
    def place(self) -> Integers:
        """Each row's place among those of its customer, from 0."""
        places: Integers = np.arange(len(self.member)) - self.starts[self.number]
        return places

    def running(self, values: Integers) -> Integers:
        """The sum of *values* from the customer's first row up to each."""
        sums = np.cumsum(values)
        running: Integers = sums - (sums - values)[self.starts][self.number]
        return running

    def rising(self, values: Integers) -> Integers:
        """The highest of the *values*, 0 or more, from the customer's first row up to each."""
        apart = self.member * _APART
        rising: Integers = np.maximum.accumulate(values + apart) - apart
        return rising

    def before(self, values: Any) -> Any:
        """The value of the customer's row before; at the first one 0."""
        before = np.roll(values, 1)
        before[self.is_first] = 0
        return before

    def highest(self, values: Any) -> Any:
        """For each row, the highest of the *values* of its customer."""
        return np.maximum.reduceat(values, self.starts)[self.number] if len(values) else values

    def totals(self, values: Integers, members: int) -> Integers:
        """The sum of *values* of each of so many *members*, also of those without a row."""
        totals = np.zeros(members, dtype=np.int64)
        if len(values):
            totals[self.member[self.starts]] = np.add.reduceat(values, self.starts)
        return totals
