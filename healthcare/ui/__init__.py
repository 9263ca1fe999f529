"""How does a page look, and how does a reader find the way?

Form fields that draw themselves, the components of every page, navigation by role, names and dates in plain words.
"""
