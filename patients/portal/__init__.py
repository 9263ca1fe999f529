"""The patient's pages, a file a subject."""
