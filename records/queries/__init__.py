"""Page-shaped reads of the chart, a file a subject."""
