"""The verbs of the chart, a file a subject."""
