"""Decisions without database or clock, a file a subject."""
