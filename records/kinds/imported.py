"""A resource of another system that has no kind of its own here yet: kept whole, and shown as it is."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.permissions import Permission
from records.kinds import Kind, Schema

# Why a resource of a type that we know has no kind here, by the word its entry holds.
BECAUSE: dict[str, Promise] = {
    "future": _("Its date lies in the future."),
    "refuted": _("It says that the patient does not have this."),
    "not_done": _("It says that this was not done."),
    "cancelled": _("It was called off."),
    "status": _("Its source does not say whether it is so."),
    "absent": _("It has no value."),
    "nothing_named": _("It does not say what it is about."),
    "other_view": _("It says “none known”, and an allergy is on the list."),
    "none_no_more": _("It says that “none known” is no longer so, and not what is known."),
    "only_some": _("It says “none known” of one kind of allergy alone."),
    "changed_here": _("It was changed at its source after somebody changed it here. What stands here was left."),
    "sensitive": _("Its source marks it as sensitive, so few see it."),
    "not_over": _("It is no visit that has taken place."),
    "undated": _("It does not say when."),
    "a_plan": _("It is a plan, not an order."),
}


def because(entry: Any) -> str:
    return str(BECAUSE.get(entry.data.get("because", ""), ""))


def summary(entry: Any) -> str:
    kind = str(entry.data.get("type", ""))
    return f"{kind}: {entry.display}" if entry.display and entry.display != kind else kind


KIND = Kind(
    slug="imported",
    name=_("Imported resource"),
    plural=_("Imported resources"),
    permission=Permission.RECORD_CONDITION,
    summary=summary,
    schema=Schema(required={"type": str, "resource": str}, optional={"because": str, "status": str}),
    released=False,
)
