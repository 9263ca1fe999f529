"""What this app adds to pages on its left, a file a subject."""
