"""Is there a copy of everything, and does it come back whole? What `backup`, `restore` and `verify_backup` are made of.

A backup is a folder of three encrypted files: `manifest`, `database` (pg_dump's custom format), `files` (a tar archive
of the stored objects and of the audit's anchors). docs/decisions/0025 says why.
"""
