"""What can it bear? One script a question; `manage.py bench NAME` runs tests/load/NAME.py against a running instance.

`driver` sends, `machine` reads the clocks of the processes, `people` finds who asks, `bench` ties them together.
"""


class CannotMeasure(Exception):
    """The instance does not answer, or has not the people or the rows that a script asks as or about."""
