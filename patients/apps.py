from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"

    def ready(self) -> None:
        from healthcare.audit.changes import register_changes
        from patients.models import Patient

        register_changes(Patient, patient_field="id", exclude=["search_name"])
