"""Django's admin shows that something is in a chart, to whom it is visible, and never what it says."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from healthcare.accounts.access import NotAllowed, can
from healthcare.accounts.admin_pages import ByVerb
from healthcare.accounts.permissions import Permission
from patients.read_only import OfPatients, ReadOnly
from patients.rules.profile import LANGUAGES
from records.actions import pools
from records.actions import templates as texts
from records.actions.macros import FIELDS, NotKept, keep_macro
from records.actions.releasing import NotKept as NotAPolicy
from records.actions.releasing import keep_release_policy
from records.actions.supervision import NotSupervised, add_supervision, end_supervision
from records.forms.macros import MacroForm
from records.forms.pools import PoolForm
from records.forms.releasing import ReleasePolicyForm
from records.forms.templates import MessageTemplateForm
from records.models import (
    AmendmentRequest,
    Attachment,
    Cosignature,
    DiagnosisCode,
    DiagnosisFavorite,
    DiagnosisWord,
    Draft,
    Encounter,
    Entry,
    Favourite,
    FavouriteOrder,
    Macro,
    Message,
    MessageTemplate,
    Paper,
    Pool,
    PoolMember,
    Recall,
    RecallCall,
    ReleasePolicy,
    ReleaseWish,
    ResultDue,
    ResultRelease,
    ServiceRequest,
    Supervision,
    Thread,
)
from records.models.release import latest

CHOSEN = ("trainee", "supervisor")


class SetUp(ByVerb):
    """How the clinic is set up here: added and changed by verbs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return can(request.user, Permission.MANAGE_ACCOUNTS)


class SupervisionForm(forms.ModelForm):
    class Meta:
        model = Supervision
        fields: ClassVar[list[str]] = [*CHOSEN]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in CHOSEN:
            field: Any = self.fields[name]
            field.queryset = field.queryset.order_by("name")
            field.label_from_instance = lambda row: row.name


class EndForm(forms.ModelForm):
    end = forms.BooleanField(label=_("It ends now"), required=False)

    class Meta:
        model = Supervision
        fields: ClassVar[list[str]] = []


@admin.register(Encounter)
class EncounterAdmin(OfPatients):
    list_display = ("__str__", "status", "started_at", "finished_at")
    fields = ("id", "status", "started_at", "finished_at")


@admin.register(Entry)
class EntryAdmin(OfPatients):
    list_display = ("__str__", "kind", "record_status", "created_at")
    fields = ("id", "kind", "record_status", "created_at", "voided_at")


@admin.register(Draft)
class DraftAdmin(OfPatients):
    list_display = ("__str__", "kind", "version", "updated_at")
    fields = ("id", "kind", "version", "created_at", "updated_at")


@admin.register(ServiceRequest)
class ServiceRequestAdmin(OfPatients):
    list_display = ("__str__", "category", "status", "created_at")
    fields = ("id", "category", "status", "created_at", "expected_by")


@admin.register(AmendmentRequest)
class AmendmentRequestAdmin(OfPatients):
    list_display = ("__str__", "state", "asked_at", "due_at")
    fields = ("id", "state", "asked_at", "due_at", "answered_at", "next_at")


@admin.register(RecallCall)
class RecallCallAdmin(OfPatients):
    list_display = ("__str__", "outcome", "called_at")
    fields = ("id", "outcome", "called_at", "created_at")


@admin.register(Recall)
class RecallAdmin(OfPatients):
    list_display = ("__str__", "state", "due_on")
    fields = ("id", "state", "due_on", "next_at", "ended_at", "ended_because")


@admin.register(ResultDue)
class ResultDueAdmin(OfPatients):
    list_display = ("__str__", "next_at")
    fields = ("id", "next_at", "created_at")


@admin.register(ResultRelease)
class ResultReleaseAdmin(OfPatients):
    list_display = ("__str__", "next_at", "held_until")
    fields = ("id", "next_at", "final_at", "held_until", "reviewed_at")


@admin.register(ReleaseWish)
class ReleaseWishAdmin(OfPatients):
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")


@admin.register(ReleasePolicy)
class ReleasePolicyAdmin(SetUp):
    says = _(
        "When patients see their results. Without a line: at once when they are final. A patient’s own wish goes first,"
        " and nothing waits for longer than this installation allows."
    )
    refusals = (NotAllowed, NotAPolicy)
    form = ReleasePolicyForm
    list_display = ("category", "when", "days", "updated_at")
    ordering = ("category",)

    def consequences(self, obj: Any, form: Any) -> Sequence[Any]:
        """A delay for all is what federal law warns of (45 CFR 171.103; see records/rules/release.py)."""
        told: list[Any] = [_("It counts for what becomes final from now on, and for what waits when its time comes.")]
        if form.cleaned_data["when"] != ReleasePolicy.When.AT_ONCE:
            told.append(
                _("Delaying results for all patients is likely to count as information blocking (45 CFR 171.103).")
            )
            days = {"days": latest().days}
            told.append(_("No result waits for longer than %(days)d days (RESULTS_WAIT_DAYS).") % days)
        return told

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = ReleasePolicy.objects.get(pk=obj.pk) if change else None
        obj.pk = keep_release_policy(by=request.user, policy=kept, **form.cleaned_data).pk


@admin.register(FavouriteOrder)
class FavouriteOrderAdmin(ReadOnly):
    says = _("What doctors want to find first when they order.")
    list_display = ("__str__", "code")
    fields = ("id", "code")
    ordering = ("-id",)


@admin.register(Cosignature)
class CosignatureAdmin(OfPatients):
    list_display = ("__str__", "signed_at")
    fields = ("id", "signed_at")


@admin.register(Supervision)
class SupervisionAdmin(SetUp):
    says = _("Who is in training, and who signs besides. It is ended, never rewritten; who changes supervisor has two.")
    refusals = (NotAllowed, NotSupervised)
    list_display = ("whose", "by_whom", "created_at", "ended_at")
    list_select_related = ("trainee", "supervisor")
    ordering = ("trainee__name", "pk")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=EndForm if obj else SupervisionForm, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("whose", "by_whom", "created_at", "ended_at", *(() if obj.ended_at else ("end",))) if obj else CHOSEN

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("whose", "by_whom", "created_at", "ended_at") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.ended_at is None)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.pk = add_supervision(by=request.user, **form.cleaned_data).pk
        elif form.cleaned_data["end"]:
            end_supervision(by=request.user, supervision=obj, now=timezone.now())

    @admin.display(description=_("in training"), ordering="trainee__name")
    def whose(self, row: Supervision) -> str:
        return row.trainee.name

    @admin.display(description=_("supervisor"), ordering="supervisor__name")
    def by_whom(self, row: Supervision) -> str:
        return row.supervisor.name


@admin.register(Macro)
class MacroAdmin(SetUp):
    says = _("Phrases and templates for notes, by specialty and kind of visit. Doctors type /word while they write.")
    refusals = (NotAllowed, NotKept)
    form = MacroForm
    list_display = ("shortcut", "name", "specialty", "visit_type", "active")
    list_filter = ("active", "specialty")
    list_select_related = ("visit_type",)
    search_fields = ("shortcut", "name")
    ordering = ("shortcut", "pk")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = Macro.objects.get(pk=obj.pk) if change else None
        values = {name: form.cleaned_data[name] for name in FIELDS if name != "parts"}
        obj.pk = keep_macro(by=request.user, values=values | {"parts": form.parts()}, macro=kept).pk


@admin.register(Favourite)
class FavouriteAdmin(ReadOnly):
    says = _("Which phrases people keep at the top of their list. Changed by themselves while they write a note.")
    list_display = ("__str__", "created_at")
    fields = ("id", "created_at")


@admin.register(Pool)
class PoolAdmin(SetUp):
    says = _(
        "Who of a site answers which messages together, and how soon. It opens no chart: whom its people reach is said"
        " by their roles. Where a site has no pool for something, all who write to patients there answer."
    )
    refusals = (NotAllowed, pools.NotArranged)
    form = PoolForm
    list_display = ("name", "site_name", "answer_hours", "active")
    list_filter = ("active",)
    list_select_related = ("site",)
    ordering = ("site__name", "name", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("site_name",) if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("site_name" if obj else "site", "name", "takes", "people", "answer_hours", "active")

    @admin.display(description=_("site"), ordering="site__name")
    def site_name(self, pool: Pool) -> str:
        return pool.site.name

    def consequences(self, obj: Any, form: Any) -> Sequence[Any]:
        told: list[Any] = [_("What patients wrote before keeps its place, and the time that was promised.")]
        if not form.cleaned_data["active"]:
            told.append(_("Nothing new comes here. What lies here stays with its people until it is closed."))
        return told

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = Pool.objects.get(pk=obj.pk) if change else None
        values = {name: form.cleaned_data[name] for name in pools.FIELDS}
        people = list(form.cleaned_data["people"])
        told: dict[str, Any] = {"site": obj.site, "values": values, "people": people, "now": timezone.now()}
        obj.pk = pools.arrange_pool(by=request.user, pool=kept, **told).pk


@admin.register(PoolMember)
class PoolMemberAdmin(ReadOnly):
    says = _("Who answered for which pool, and until when. Changed with the pool.")
    list_display = ("__str__", "created_at", "ended_at")
    fields = ("id", "created_at", "ended_at")
    ordering = ("-id",)


@admin.register(MessageTemplate)
class MessageTemplateAdmin(SetUp):
    says = _("Texts for messages to patients, by language. Who writes a message chooses one, and changes it as needed.")
    refusals = (NotAllowed, texts.NotKept)
    form = MessageTemplateForm
    list_display = ("name", "spoken", "site_name", "active")
    list_filter = ("active", "language")
    list_select_related = ("site",)
    search_fields = ("name",)
    ordering = ("language", "name", "pk")

    @admin.display(description=_("language"), ordering="language")
    def spoken(self, template: MessageTemplate) -> str:
        return LANGUAGES.get(template.language, template.language)

    @admin.display(description=_("site"), ordering="site__name")
    def site_name(self, template: MessageTemplate) -> str:
        return template.site.name if template.site else gettext("Every one")

    def consequences(self, obj: Any, form: Any) -> Sequence[Any]:
        return [_("What was sent stays as it was sent. Who is writing now has the text that they chose.")]

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        kept = MessageTemplate.objects.get(pk=obj.pk) if change else None
        values = {name: form.cleaned_data[name] for name in texts.FIELDS}
        obj.pk = texts.keep_message_template(by=request.user, values=values, template=kept).pk


@admin.register(Thread)
class ThreadAdmin(OfPatients):
    list_display = ("__str__", "status", "last_at", "waiting_since", "due_at")
    fields = ("id", "status", "last_at", "waiting_since", "due_at", "next_at", "taken_at", "reopened_at", "closed_at")


@admin.register(Message)
class MessageAdmin(OfPatients):
    list_display = ("__str__", "to_patient", "sent_at", "read_at")
    fields = ("id", "to_patient", "sent_at", "read_at")


@admin.register(Attachment)
class AttachmentAdmin(OfPatients):
    list_display = ("__str__", "content_type", "size", "state")
    fields = ("id", "content_type", "size", "state", "created_at", "next_at", "attempts", "error")


@admin.register(Paper)
class PaperAdmin(OfPatients):
    list_display = ("__str__", "kind", "state", "asked_at")
    fields = ("id", "kind", "state", "asked_at", "made_at", "failure", "voided_at")


@admin.register(DiagnosisCode)
class DiagnosisCodeAdmin(ReadOnly):
    says = _("Codes of diagnoses, as published; loaded by an operator with manage.py load_codes.")
    list_display = ("code", "display", "billable")
    fields = ("code", "display", "billable")
    search_fields = ("code", "terms")
    ordering = ("code",)


@admin.register(DiagnosisWord)
class DiagnosisWordAdmin(ReadOnly):
    says = _("Words that diagnoses are found by; loaded with the codes.")
    list_display = ("word", "codes")
    fields = ("word", "codes")
    search_fields = ("word",)
    ordering = ("word",)


@admin.register(DiagnosisFavorite)
class DiagnosisFavoriteAdmin(ReadOnly):
    says = _("Diagnoses that somebody keeps at hand: each sees their own.")
    list_display = ("__str__", "code", "created_at")
    fields = ("id", "code", "created_at")
