"""A report that holds results together, or stands by itself: a panel of the laboratory, an image read by somebody."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema


def summary(entry: Any) -> str:
    return str(entry.display)


KIND = Kind(
    slug="diagnostic_report",
    name=_("Report"),
    plural=_("Reports"),
    permission=Permission.ENTER_RESULT,
    summary=summary,
    schema=Schema(optional={"category": str, "conclusion": str, "text": str, "members": list, "first": str}),
    role=lambda _entry: "info",
    released=False,
)
