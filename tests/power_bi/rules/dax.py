"""The DAX of measures and roles: it parses, its references exist, and the engine accepts it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.power_bi import dax_static
from tests.power_bi.dax_parser import parse
from tests.power_bi.rules.tmdl import Read


def problems(read: Read) -> Iterator[str]:
    types = {name: column.properties["dataType"] for name, column in read.columns.items()}
    measures = {name: parse(node.text) for name, (_, node) in read.measures.items()}
    yield from dax_static.problems(measures, types)
    for role in read.all("role"):
        for permission in role.all("tablePermission"):
            if permission.text:
                tree = ["KEEPFILTERS", parse(permission.text)]
                yield from (
                    f"role {role.name}: {each}" for each in dax_static.of_expression(tree, measures, types)
                )
