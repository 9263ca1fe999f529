from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "healthcare.api"
    label = "api"
