from django.apps import AppConfig


class UIConfig(AppConfig):
    name = "healthcare.ui"
    label = "ui"
