from django.apps import AppConfig


class DevservicesConfig(AppConfig):
    name = "healthcare.devservices"
    label = "devservices"
