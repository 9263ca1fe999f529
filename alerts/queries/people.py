"""Who is to be told. A worker asks as the system; the first wall still says whom a person reaches."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from alerts.rules import ACCOUNT, KINDS
from healthcare.accounts.models import Cover, Membership, Site, Team, User
from healthcare.accounts.permissions import Scope
from healthcare.db.prepared import prepared
from patients.models import CareRelationship, GroupGrant, Patient
from patients.queries.profile import why_not_write
from records.models import Message


@dataclass(frozen=True)
class Addressee:
    """Where a letter goes; without an address, `why_not` says why it cannot."""

    user: User | None = None
    address: str = ""
    why_not: str = ""


def addressee_of(patient: Patient, to: str, purpose: str) -> Addressee:
    """The patient's portal account; else, where the letter needs no sign-in, the address they left at the desk.

    To the dead nothing is written, nor to what was their address; nor for what the patient refused, nor to where
    nothing arrives.
    """
    if patient.deceased:
        return Addressee(why_not="patient_died")
    account = account_of(patient.pk)
    if account is None and to == ACCOUNT:
        return Addressee(why_not="no_account")
    address = account.email if account else patient.email
    if not address:
        return Addressee(account, why_not="no_address")
    why_not = why_not_write(patient, "email", address, purpose)
    return Addressee(why_not=why_not) if why_not else Addressee(account, address)


def account_of(patient_id: UUID) -> User | None:
    return next(iter(_accounts_of(patient_id)), None)


@prepared
def _accounts_of(patient_id: UUID) -> QuerySet[User]:
    own = CareRelationship.objects.current().filter(patient_id=patient_id, kind=CareRelationship.Kind.SELF)
    return User.objects.filter(pk__in=own.values("user"), is_active=True).order_by("pk")


def fit_owner(owners: Iterable[User], kind: str, patient_id: UUID) -> User | None:
    """The first who works in the role that answers such alerts and reaches this patient now.

    In the place of one who left stand those who were named for it.
    """
    role, scope = KINDS[kind].team, Scope(KINDS[kind].area)
    for owner in (person for named in owners for person in ([named] if named.is_active else stand_ins_of(named))):
        works = Membership.objects.current().filter(user=owner, role=role).exists()
        reached = Patient.objects.visible_to(owner.in_role(role), scope).filter(pk=patient_id)
        if works and reached.exists():
            return owner
    return None


def stand_ins_of(user: User) -> list[User]:
    """Who does now what this person was to do."""
    covers = Cover.objects.current().filter(absent=user, cover__is_active=True)
    return [cover.cover for cover in covers.select_related("cover").order_by("pk")]


def held_by(user: User) -> int:
    """Alerts that wait for this person, past the walls: the database refuses anybody but an administrator."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.held_in_alerts(%s)", [user.pk])
        return int(cursor.fetchone()[0])


def team_for(patient: Patient, kind: str, site: Site | None) -> Team:
    """The team of the role at this site, if it reaches the patient, else at the patient's own. Raises DoesNotExist."""
    role, scope = KINDS[kind].team, KINDS[kind].area
    if site is not None and site.pk != patient.site_id:
        grants = GroupGrant.objects.filter(
            group=OuterRef("group"),
            content_object=patient,
            permission__codename=scope,
            valid_from__lte=Now(),
            valid_until__gt=Now(),
        )
        reaching = Team.objects.filter(Exists(grants), site=site, role=role).first()
        if reaching is not None:
            return reaching
    return Team.objects.get(site_id=patient.site_id, role=role)


def people_of(team: Team, patient_id: UUID) -> list[User]:
    """Who works in this team now, without the patient themselves: nobody answers for their own chart."""
    own = CareRelationship.objects.current().filter(patient_id=patient_id, kind=CareRelationship.Kind.SELF)
    return list(_working(team.role, team.site).exclude(pk__in=own.values("user")).order_by("pk"))


def answering(message: Message) -> list[User]:
    """Who is to answer a patient's message: who took the thread or stands in for them, else the nurses of its site."""
    taken_by = message.thread.taken_by
    if taken_by is not None:
        asked = [taken_by] if taken_by.is_active else stand_ins_of(taken_by)
        if asked:
            return asked
    nurses = Team.objects.filter(site_id=message.thread.site_id, role="nurse").first()
    return people_of(nurses, message.patient_id) if nurses else []


def supervisors_of(site: Site) -> list[User]:
    """The administrators of the site; where it has none, those of the clinic."""
    return list(_working("administrator", site).order_by("pk")) or list(_working("administrator").order_by("pk"))


def _working(role: str, site: Site | None = None) -> QuerySet[User]:
    held = Membership.objects.current().filter(user=OuterRef("pk"), role=role)
    return User.objects.filter(Exists(held.filter(site=site) if site else held), is_active=True)
