"""Is the clinic up, is it right, and what happened at the request with this reference?

The request's reference and transaction, error pages, JSON logs, health, figures for monitoring, and `selfcheck`.
"""
