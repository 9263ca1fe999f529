"""QuestionnaireResponse of FHIR R4 to the PHQ-9."""

from functools import partial

from records.kinds.responses import TYPES, read_answers
from records.kinds.responses import write_answers as write

__all__ = ["TYPES", "read", "write"]

read = partial(read_answers, "phq_9")
