from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "healthcare.audit"
    label = "audit"
