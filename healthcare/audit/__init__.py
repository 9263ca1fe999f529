"""Who did what, when, and can it be proved?

Events are inserted beside the change (`record`) or on a connection of their own (`record_now`), never altered, sealed
into a chain within a second, and verified against anchors kept outside the database.
"""

from healthcare.audit.recording import About, AuditUnavailable, in_one_insert, record, record_many, record_now

__all__ = ["About", "AuditUnavailable", "in_one_insert", "record", "record_many", "record_now"]
