"""Page-shaped reads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise

from healthcare.accounts.models import (
    Membership,
    Provider,
    RecoveryCode,
    SecondFactorReset,
    Session,
    Site,
    TOTPDevice,
    User,
)
from healthcare.accounts.models.people import has_address
from healthcare.accounts.roles import ROLES
from healthcare.audit.models import AuditEvent
from healthcare.audit.queries import SealingState, get_sealing_state
from healthcare.audit.report import AuditFilter, page_of, place_of
from healthcare.db.models import short_id
from healthcare.db.prepared import prepared
from healthcare.db.uuids import floor7, moment_of
from healthcare.events.parts import parts_of
from healthcare.messaging.models import Message

PAGE = 50
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SEALED_WITHIN = timedelta(minutes=5)  # a second is usual; later than this, somebody has to look


def own_provider(user: User) -> Provider | None:
    """The provider that this account is, while they still see patients; None for whoever treats nobody."""
    return next(iter(_provider_of(user.pk)), None)


@prepared
def _provider_of(user_id: UUID) -> "QuerySet[Provider]":
    return Provider.objects.filter(user_id=user_id, ended_at=None).order_by("pk")


def role_name(slug: str) -> str | Promise:
    return ROLES[slug].name if slug in ROLES else slug


# == One's own account ==
@dataclass(frozen=True)
class SecondFactor:
    confirmed_at: datetime | None
    codes_left: int


def get_second_factor(user: User) -> SecondFactor:
    device = TOTPDevice.objects.filter(user=user, confirmed=True).first()
    left = RecoveryCode.objects.filter(user=user, used_at=None).count()
    return SecondFactor(device.confirmed_at if device else None, left)


def get_sessions(user: User, now: datetime) -> list[Session]:
    """Where this person is signed in now, the latest first."""
    return list(Session.objects.alive(now).filter(user=user).order_by("-last_action_at"))


# == Colleagues ==
@dataclass(frozen=True)
class StaffLine:
    """`works` is what they do where; `state` is active, invited or closed."""

    user: User
    works: list[tuple[str | Promise, str]]
    state: str
    has_code: bool
    reset_waits: bool


@dataclass(frozen=True)
class StaffPage:
    lines: list[StaffLine]
    next_after: str = ""


def get_staff(*, text: str = "", after: str = "", closed: bool = False, limit: int = PAGE) -> StaffPage:
    """Everybody who works or was invited to work here, by name; `after` is what the last page ended with.

    Four queries, whatever the number of people.
    """
    users = User.objects.staff().filter(is_active=not closed)
    if text:
        users = users.filter(Q(full_name__icontains=text) | Q(email__icontains=text))
    if "|" in after:
        name, _bar, key = after.rpartition("|")
        users = users.filter(Q(full_name__gt=name) | Q(full_name=name, pk__gt=key))
    found = list(users.order_by("full_name", "pk")[: limit + 1])
    page, more = found[:limit], len(found) > limit
    works = _works_of(page)
    with_code = set(TOTPDevice.objects.filter(user__in=page, confirmed=True).values_list("user_id", flat=True))
    waiting = SecondFactorReset.objects.filter(user__in=page, closed_at=None, expires_at__gt=timezone.now())
    resets = set(waiting.values_list("user_id", flat=True))
    lines = [
        StaffLine(user, works.get(user.pk, []), state_of(user), user.pk in with_code, user.pk in resets)
        for user in page
    ]
    return StaffPage(lines, f"{page[-1].full_name}|{page[-1].pk}" if more else "")


def state_of(user: User) -> str:
    if not user.is_active:
        return "closed"
    return "active" if user.has_usable_password() else "invited"


def _works_of(users: Iterable[User]) -> dict[UUID, list[tuple[str | Promise, str]]]:
    works: dict[UUID, list[tuple[str | Promise, str]]] = {}
    current = Membership.objects.current().filter(user__in=list(users)).select_related("site")
    for membership in current.order_by("site__name", "role"):
        works.setdefault(membership.user_id, []).append((role_name(membership.role), membership.site.name))
    return works


@dataclass(frozen=True)
class ColleaguePage:
    user: User
    state: str
    memberships: list[Membership]
    second_factor: SecondFactor
    reset: SecondFactorReset | None
    sessions: int


def get_colleague(user: User, now: datetime) -> ColleaguePage:
    memberships = Membership.objects.current().filter(user=user).select_related("site").order_by("site__name", "role")
    reset = SecondFactorReset.objects.filter(user=user, closed_at=None, expires_at__gt=now)
    return ColleaguePage(
        user=user,
        state=state_of(user),
        memberships=list(memberships),
        second_factor=get_second_factor(user),
        reset=reset.select_related("requested_by", "user").first(),
        sessions=Session.objects.alive(now).filter(user=user).count(),
    )


@dataclass(frozen=True)
class PeopleCounts:
    """`undelivered` counts the letters and texts of the last week that a person should look at."""

    active: int
    invited: int
    resets: int
    sites: int
    undelivered: int


def get_people_counts(now: datetime) -> PeopleCounts:
    staff = User.objects.staff().filter(is_active=True)
    invited = staff.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX).count()
    resets = SecondFactorReset.objects.filter(closed_at=None, expires_at__gt=now).count()
    lost = Message.objects.undelivered().filter(created_at__gte=now - WEEK).exclude(error="withdrawn")
    return PeopleCounts(
        active=staff.count() - invited,
        invited=invited,
        resets=resets,
        sites=Site.objects.filter(closed_at=None).count(),
        undelivered=lost.count(),
    )


# == The audit ==
@dataclass(frozen=True)
class AuditCounts:
    """Of the last 24 hours, by what a privacy officer looks at first; and how the sealing stands."""

    denied: int
    failed_sign_ins: int
    access_changes: int
    openings: int
    sealing: SealingState
    since: datetime
    seal_is_late: bool


def get_audit_counts(now: datetime) -> AuditCounts:
    """One range of the key, so that the size of the audit does not matter."""
    since = now - DAY
    counted = AuditEvent.objects.filter(id__gte=floor7(since)).aggregate(
        denied=Count("id", filter=Q(outcome=AuditEvent.Outcome.DENIED)),
        failed_sign_ins=Count("id", filter=Q(outcome=AuditEvent.Outcome.FAILED, action="accounts.sign_in")),
        access_changes=Count("id", filter=Q(action__in=["patients.grant_access", "patients.end_access"])),
        openings=Count("id", filter=Q(action="patients.open_chart", outcome=AuditEvent.Outcome.OK)),
    )
    sealing = get_sealing_state()
    late = sealing.oldest_waiting_at is not None and now - sealing.oldest_waiting_at > SEALED_WITHIN
    return AuditCounts(**counted, sealing=sealing, since=since, seal_is_late=late)


@dataclass(frozen=True)
class AuditLine:
    """`about` is the account that was acted on, where it is not the actor's own."""

    event: AuditEvent
    at: datetime
    actor: str
    role: str | Promise
    about: str
    patient: str


@dataclass(frozen=True)
class AuditPage:
    """`next_after` is where it ended, "" at the end of the list."""

    lines: list[AuditLine]
    next_after: str = ""
    unknown_person: bool = False


def get_audit_page(
    reader: User, wanted: AuditFilter, *, sort: str = "when", after: str = "", limit: int = PAGE
) -> AuditPage:
    """Along an index of the field it is sorted by: no page is slower than the first."""
    found = page_of(wanted, sort=sort, after=after, limit=limit + 1)
    page = found[:limit]
    return AuditPage(audit_lines(reader, page), place_of(page[-1], sort) if len(found) > limit else "")


def audit_lines(reader: User, page: Iterable[AuditEvent]) -> list[AuditLine]:
    """With names; those of patients come from who may give them. Two queries, whatever the number of events."""
    people = {event.actor_id for event in page} | {_account_in(event) for event in page}
    names: dict[UUID, str] = dict(User.objects.filter(pk__in=people - {None}).values_list("pk", "full_name"))
    patients = _subjects(reader, {event.patient_id for event in page if event.patient_id})
    return [
        AuditLine(
            event=event,
            at=moment_of(event.pk),
            actor=_known(names, event.actor_id),
            role=role_name(event.actor_role),
            about=_known(names, _account_in(event)),
            patient=_known(patients, event.patient_id),
        )
        for event in page
    ]


def _account_in(event: AuditEvent) -> UUID | None:
    is_account = event.target_type == User._meta.label_lower and event.target_id != event.actor_id
    return event.target_id if is_account else None


def account_meant(text: str) -> UUID | None:
    """An account by its address or id. People who left stay findable."""
    try:
        return UUID(text)
    except ValueError:
        return User.objects.filter(has_address(text)).values_list("pk", flat=True).first()


def _subjects(reader: User, ids: set[UUID]) -> dict[UUID, str]:
    names: dict[UUID, str] = {}
    for subject in parts_of("accounts.Subject") if ids else ():
        names |= subject(reader, ids)
    return names


def _known(names: Mapping[UUID, str], key: UUID | None) -> str:
    if key is None:
        return ""
    return names.get(key) or short_id(key)
