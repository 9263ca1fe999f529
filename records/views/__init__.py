"""The pages of the staff, a file a subject."""
