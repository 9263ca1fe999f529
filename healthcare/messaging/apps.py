from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "healthcare.messaging"
    label = "messaging"
