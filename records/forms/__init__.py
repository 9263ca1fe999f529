"""What people type into the chart, read and checked; a file a subject."""
