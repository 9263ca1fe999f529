"""How does the clinic run on a machine that has nothing but Python?

An environment of its own, PostgreSQL and Valkey from wheels, the demo and the checks. Not installed in production.
"""
