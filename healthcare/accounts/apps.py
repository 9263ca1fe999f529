from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "healthcare.accounts"
    label = "accounts"
