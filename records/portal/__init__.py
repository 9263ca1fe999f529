"""The pages of the patient, a file a subject."""
