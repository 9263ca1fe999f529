"""What the chart says to other systems, in FHIR R4: the way back of `records.fhir`, a file a subject.

A resource is written from what a row says now, so that it holds what a page shows and no more. Only what has no kind
here is written as it came. What the folder of a kind writes is there.
"""
