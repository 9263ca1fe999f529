"""The same world as for the walk of doors: everybody signed in, three patients with one of everything."""

from tests.access.conftest import built, clinic

__all__ = ["built", "clinic"]
