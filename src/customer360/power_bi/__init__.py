"""The Power BI project: a semantic model (TMDL) and a report (PBIR) with the same pages as the browser."""
