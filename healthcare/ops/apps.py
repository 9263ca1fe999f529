from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class OpsConfig(AppConfig):
    name = "healthcare.ops"
    label = "ops"

    def ready(self) -> None:
        from healthcare.ops import checks  # noqa: F401  (registers the system checks)
        from healthcare.ops.middleware import follow_sign_in, follow_sign_out

        user_logged_in.connect(follow_sign_in, dispatch_uid="ops.follow_sign_in")
        user_logged_out.connect(follow_sign_out, dispatch_uid="ops.follow_sign_out")
