"""Where are the files, and are they still what was put there?

Private, encrypted objects in a folder or in S3, opened by key alone or by a short-lived signed link. It knows keys, not
patients: who may open an object is decided by the row of the app that owns it.
"""
