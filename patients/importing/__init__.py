"""Whose is it? A record from elsewhere finds its patient, and through its app its row.

`run` takes what `healthcare.fhir` reads, in batches and parents first; `sources` remembers what came from where.
"""
