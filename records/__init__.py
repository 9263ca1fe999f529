"""What was seen, measured, concluded and done?

The chart: encounters and the entries that make it up.
"""
