"""Decisions about medicines, without database or clock: directions and quantity (`sig`), safety (`safety`), words."""
