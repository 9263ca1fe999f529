from django.apps import AppConfig


class StorageConfig(AppConfig):
    name = "healthcare.storage"
    label = "storage"
