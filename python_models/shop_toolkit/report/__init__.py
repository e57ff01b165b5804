"""The report: blocks of findings, drawn with Plotly, in one HTML page."""
