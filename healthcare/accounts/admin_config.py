from django.contrib.admin.apps import AdminConfig


class ClinicAdmin(AdminConfig):
    """Django's admin with our own site in place of the default one. Named in INSTALLED_APPS."""

    default_site = "healthcare.accounts.admin_site.ClinicAdminSite"
