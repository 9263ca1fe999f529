"""Who may do what in the chart, a file a subject."""
