"""What every page of the admin does that is not of a patient's rows: look, and save by verbs alone."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.text import capfirst

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.actions import AlreadyHere
from healthcare.accounts.permissions import Permission

CONFIRMED = "_confirmed"  # sent by the preview alone


class Explained(admin.ModelAdmin):
    """Each page says in a sentence what these rows are for, and where else they are changed."""

    says: Promise | str = ""
    list_per_page = 50
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {**(extra_context or {}), "says": self.says})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        return super().render_change_form(request, {**context, "says": self.says}, *args, **kwargs)


class ByVerb(Explained):
    """Whoever is let into the site may look; each page says itself what else. A verb's refusal becomes a message.

    Nothing is saved before a page has shown what would change.
    """

    actions: Sequence[str] | None = None
    refusals: tuple[type[Exception], ...] = (NotAllowed, AlreadyHere)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if request.method == "POST" and CONFIRMED not in request.POST:
            preview = self._preview(request, object_id)
            if preview is not None:
                return preview
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except self.refusals as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def consequences(self, obj: Model | None, form: BaseForm) -> Sequence[str | Promise]:
        """What else would change, in sentences; `obj` is None for a new row."""
        return ()

    def _preview(self, request: HttpRequest, object_id: str | None) -> TemplateResponse | None:
        """What would change; None where nothing would, or where the page itself has to say what is wrong."""
        obj = self.get_object(request, object_id) if object_id else None
        if not (self.has_change_permission(request, obj) if object_id else self.has_add_permission(request)):
            return None
        if object_id and obj is None:
            return None
        form = self.get_form(request, obj, change=obj is not None)(request.POST, request.FILES, instance=obj)
        if not form.is_valid() or not form.changed_data:
            return None
        fields = [(form[name], form.fields[name]) for name in form.changed_data]
        changes = [(b.label, _shown(f, b.initial) if obj else "", _shown(f, b.value())) for b, f in fields]
        return self.ask_first(request, changes, self.consequences(obj, form))

    def ask_first(
        self, request: HttpRequest, changes: Sequence[tuple[Any, str, str]], consequences: Sequence[str | Promise]
    ) -> TemplateResponse:
        """The page that shows what would change, and sends the same again once that was read."""
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(str(self.opts.verbose_name)),
            "changes": changes,
            "consequences": consequences,
            "kept": [(n, v) for n, vs in request.POST.lists() for v in vs if n != "csrfmiddlewaretoken"],
            "confirmed": CONFIRMED,
        }
        return TemplateResponse(request, "admin/preview.html", context)


def _shown(field: Any, value: Any) -> str:
    """As the form's own choices call it."""
    values = value if isinstance(value, list | tuple) else [value]
    known = {str(key): str(words) for key, words in getattr(field, "choices", ()) if not isinstance(words, list)}
    keys = [str(getattr(one, "pk", one)) for one in values if one not in (None, "")]
    return ", ".join(known.get(key, key) for key in keys)


class Watched(ByVerb):
    """Rows that the verbs alone write: to look at, without keys, hashes or names."""

    ordering: ClassVar[tuple[str, ...]] = ("-created_at",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        return ("__str__", *self.shown)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown

    shown: Sequence[str] = ("created_at",)
