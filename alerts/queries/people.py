"""Who is to be told. A worker asks as the system; the first wall still says whom a person reaches."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from alerts.models import Ladder, Recipients
from alerts.rules import ACCOUNT, EMAIL, KINDS, Letter, Waits
from healthcare.accounts.models import Cover, Membership, Site, Team, User
from healthcare.accounts.permissions import Scope
from healthcare.db.prepared import prepared
from patients.models import CareRelationship, GroupGrant, LetterWish, Patient
from patients.queries.profile import why_not_write, wish_about
from records.models import Thread
from records.queries.pools import may_answer
from records.queries.pools import people_of as people_of_pool


@dataclass(frozen=True)
class Addressee:
    """Where a letter goes; without an address, `why_not` says why it cannot. With `once_a_day` it is kept for the mail
    of the day, as they want it."""

    user: User | None = None
    address: str = ""
    why_not: str = ""
    channel: str = EMAIL
    once_a_day: bool = False


def addressee_of(patient: Patient, rule: Letter, past: Collection[str] = ()) -> Addressee:
    """By the first of the letter's ways that the patient allows and that leads somewhere, but for those in `past`.

    By mail to the patient's portal account; else, where the letter needs no sign-in, to the address they left at the
    desk. By SMS to whom said yes to that. To the dead nothing is written, nor to what was their address; nor for what
    the patient refused, nor to where nothing arrives. The way they wish for this topic comes first, where there is one.
    """
    if patient.deceased:
        return Addressee(why_not="patient_died")
    account = account_of(patient.pk)
    if account is None and rule.to == ACCOUNT:
        return Addressee(why_not="no_account")
    wish = "" if rule.urgent else wish_about(patient, rule.topic)
    if wish == LetterWish.How.NONE:
        return Addressee(why_not="refused")
    daily = wish == LetterWish.How.DAILY and rule.gathers and account is not None
    first = EMAIL if daily else wish
    left = sorted((way for way in rule.ways if way not in past), key=lambda way: way != first)
    ways = [_way(patient, account, channel, rule.purpose) for channel in left]
    ways = [replace(way, once_a_day=daily and way.channel == EMAIL and not way.why_not) for way in ways]
    good = (way for way in ways if not way.why_not)
    # Who never said yes to SMS was not refused anything: what stood in the way is what stood in the way of the mail.
    mails = (way for way in ways if way.channel == EMAIL)
    return next(good, None) or next(mails, None) or Addressee(account, why_not="no_other_way")


def _way(patient: Patient, account: User | None, channel: str, purpose: str) -> Addressee:
    address = (account.email if account else patient.email) if channel == EMAIL else patient.phone
    if not address:
        return Addressee(account, channel=channel, why_not="no_address")
    why_not = why_not_write(patient, channel, address, purpose)
    return Addressee(channel=channel, why_not=why_not) if why_not else Addressee(account, address, channel=channel)


def account_of(patient_id: UUID) -> User | None:
    return next(iter(_accounts_of(patient_id)), None)


@prepared
def _accounts_of(patient_id: UUID) -> QuerySet[User]:
    own = CareRelationship.objects.current().filter(patient_id=patient_id, kind=CareRelationship.Kind.SELF)
    return User.objects.filter(pk__in=own.values("user"), is_active=True).order_by("pk")


def role_for(kind: str) -> str:
    """Whose people answer alerts of this kind: as was arranged, else as it is delivered."""
    return Recipients.objects.filter(kind=kind).values_list("role", flat=True).first() or KINDS[kind].team


def waits_of(severity: str) -> Waits | None:
    """How soon others are asked, where that was arranged."""
    arranged = Ladder.objects.filter(severity=severity).first()
    return arranged.waits if arranged else None


def fit_owner(owners: Iterable[User], kind: str, patient_id: UUID, role: str = "") -> User | None:
    """The first who works in the role that answers such alerts and reaches this patient now.

    Who stands in for one of them comes before them. `role` is that of the alert, where it was raised already.
    """
    role, scope = role or role_for(kind), Scope(KINDS[kind].area)
    people = (person for named in owners for person in (*stand_ins_of(named), named))
    for owner in (person for person in people if person.is_active):
        works = Membership.objects.current().filter(user=owner, role=role).exists()
        reached = Patient.objects.visible_to(owner.in_role(role), scope).filter(pk=patient_id)
        if works and reached.exists():
            return owner
    return None


def stand_ins_of(user: User) -> list[User]:
    """Who was named to do now, in some role, what this person is to do there."""
    covers = Cover.objects.current().filter(absent=user, cover__is_active=True)
    return [cover.cover for cover in covers.select_related("cover").order_by("pk")]


def held_by(user: User) -> int:
    """Alerts that wait for this person, past the walls: the database refuses anybody but an administrator."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.held_in_alerts(%s)", [user.pk])
        return int(cursor.fetchone()[0])


def team_for(patient: Patient, kind: str, site: Site | None) -> Team:
    """The team of the role at this site, if it reaches the patient, else at the patient's own. Raises DoesNotExist."""
    role, scope = role_for(kind), KINDS[kind].area
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


def answering(thread: Thread) -> list[User]:
    """Who is to answer a patient's message: who took the thread, or else whom it is addressed to, or who stands in for
    them; else the people of its pool; else the nurses of its site."""
    named = thread.taken_by or (thread.provider.user if thread.provider else None)
    if named is not None:
        asked = stand_ins_of(named) or [named] * named.is_active
        if asked:
            return asked
    if thread.pool is not None:
        able = {person.pk for person in may_answer(thread)}
        members = (member for member in people_of_pool(thread.pool) if member.pk in able)
        asked = list(dict.fromkeys(person for one in members for person in stand_ins_of(one) or [one]))
        if asked:
            return asked
    nurses = Team.objects.filter(site_id=thread.site_id, role="nurse").first()
    return people_of(nurses, thread.patient_id) if nurses else []


def supervisors_of(site: Site) -> list[User]:
    """The administrators of the site; where it has none, those of the clinic."""
    return list(_working("administrator", site).order_by("pk")) or list(_working("administrator").order_by("pk"))


def _working(role: str, site: Site | None = None) -> QuerySet[User]:
    held = Membership.objects.current().filter(user=OuterRef("pk"), role=role)
    return User.objects.filter(Exists(held.filter(site=site) if site else held), is_active=True)
