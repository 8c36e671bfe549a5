"""The Power BI project: a semantic model (TMDL) and a report (PBIR) of the same pages as the browser's."""
