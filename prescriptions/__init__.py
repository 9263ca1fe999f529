"""Which medicine, is it safe for this patient, and was it collected?

Prescribing, safety checks, dispensing and the pick-up loop.
"""
