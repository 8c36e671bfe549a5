"""A reader's selection, as the filters that Power BI would pass to a measure."""

from decimal import Decimal

from customer360.power_bi import model
from customer360.report.dimensions import DIMENSIONS, Between, dimension
from customer360.report.parameters import PARAMETERS
from tests.power_bi.dax_evaluator import Context

FILTER_COLUMNS = {"funnel_stage": ("Funnel Stage", "Stage")} | {
    one.name: (one.label, "Band") for one in DIMENSIONS if one.banded_column
}


def column_of(name):
    shown = model.field(dimension(name))
    return FILTER_COLUMNS.get(name, (shown.table, shown.column))


def chosen(semantic_model, filters, parameters=None):
    """The context of *filters* from slicers and clicks; *parameters* has values by name."""
    context: Context = {}
    for name, kept in filters.items():
        table, column = column_of(name)
        members = set(semantic_model.rows[table][column])
        if isinstance(kept, Between):
            kept = {member for member in members if member and kept.first <= member <= kept.last}
        context.setdefault((table, column), []).append(set(kept))
    for parameter in PARAMETERS:
        if parameter.name in (parameters or {}):
            column = (parameter.label, parameter.label)
            values = semantic_model.rows[parameter.label][parameter.label]
            context[column] = [{value for value in values if value >= Decimal(parameters[parameter.name])}]
    return context
