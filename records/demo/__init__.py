"""The charts of the sample clinic, told through the verbs, a file a subject."""

from records.demo import arrived, asked, entries, histories, messages, notes, orders, texts

BESIDE = ("load_codes", "--if-empty")  # seventy thousand, while the others tell


def tell() -> None:
    """Each subject once, in the order in which one leads to the next."""
    entries.tell()
    histories.tell()
    texts.tell()
    notes.tell()
    orders.tell()
    asked.tell()
    arrived.tell()
    messages.tell()
