"""What a reader chooses, as the filters that Power BI would hand to a measure."""

from customer360.power_bi import model
from customer360.report.dimensions import Between, dimension
from tests.power_bi.dax_evaluator import Context

FILTER_COLUMNS = {"funnel_stage": ("Funnel Stage", "Stage")} | {
    name: (table, "Band")
    for name, table in [
        ("balance_band", "Balance Band"),
        ("points_band", "Points Band"),
        ("account_age_band", "Account Age Band"),
    ]
}


def column_of(name):
    shown = model.field(dimension(name))
    return FILTER_COLUMNS.get(name, (shown.table, shown.column))


def chosen(semantic_model, filters, threshold=None):
    """What the slicers and a click leave: the context that Power BI would hand to a measure."""
    context: Context = {}
    for name, kept in filters.items():
        table, column = column_of(name)
        members = set(semantic_model.rows[table][column])
        if isinstance(kept, Between):
            kept = {member for member in members if member and kept.first <= member <= kept.last}
        context.setdefault((table, column), []).append(set(kept))
    if threshold is not None:
        edges = semantic_model.rows["Balance Threshold"]["Balance Threshold"]
        context["Balance Threshold", "Balance Threshold"] = [{edge for edge in edges if edge >= threshold}]
    return context
