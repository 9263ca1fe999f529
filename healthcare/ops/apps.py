from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "healthcare.ops"
    label = "ops"
