"""How does the clinic speak FHIR R4?

Bundles, search parameters, OperationOutcome and the CapabilityStatement; resources come from a list of names.
"""
