"""The report as data: dimensions, measures, visuals and pages, which Power BI and the browser render."""
