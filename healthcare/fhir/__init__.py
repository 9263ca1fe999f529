"""How does the clinic speak FHIR R4?

Bundles and NDJSON in, each resource once; what a resource becomes is said by the apps, by dotted name. How an app says
it: `resources`, and docs/decisions/0022.
"""
