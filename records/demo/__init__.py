"""The charts of the sample clinic, told through the verbs, a file a subject."""

from records.demo import entries, histories, messages, notes

BESIDE = ("load_codes", "--if-empty")  # seventy thousand, while the others tell


def tell() -> None:
    """Each subject once, in the order in which one leads to the next."""
    entries.tell()
    histories.tell()
    notes.tell()
    messages.tell()
