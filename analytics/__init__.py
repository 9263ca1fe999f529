"""What do we learn from all of it?

Roll-ups and reports that name no patient.
"""
