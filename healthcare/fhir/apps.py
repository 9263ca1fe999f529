from django.apps import AppConfig


class FhirConfig(AppConfig):
    name = "healthcare.fhir"
    label = "fhir"
