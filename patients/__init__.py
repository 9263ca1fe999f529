"""Who is this person, who may open their chart, and why?

Patients, the care relationships that open their charts, and the search that finds the right one.
"""
