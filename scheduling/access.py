"""Who may do what with visits and providers' time. Which visits one sees is `Appointment.objects.visible_to`."""

from django.utils.translation import gettext as _

from healthcare.accounts.access import NotAllowed, can, check_can, passes
from healthcare.accounts.models import Provider, Site, User
from healthcare.accounts.permissions import Permission, Scope
from patients.access import NotInScope, find_visible
from patients.models import Patient
from patients.queries import own_sites
from scheduling.models import Appointment, DowntimeKey, Wait, WaitOffer


def is_patient(user: User | None) -> bool:
    return user is not None and can(user, Permission.OWN_RECORD)


def check_can_book(user: User, patient: Patient) -> None:
    """Patients book for whom they see. Raises NotAllowed without the permission, NotInScope for one out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    if find_visible(user, patient.pk, Scope.SCHEDULE) is None:
        raise NotInScope(_("This patient is not in your scope."))


def can_book(user: User, patient: Patient) -> bool:
    return passes(check_can_book, user, patient)


def check_can_hold(user: User, patient: Patient) -> None:
    """Keep a time while one books in the portal. Raises NotAllowed for staff, who book at once, and NotInScope."""
    check_can(user, Permission.OWN_RECORD)
    check_can_book(user, patient)


def check_can_overbook(user: User | None) -> None:
    """Put a visit on top of another one; the system never does. Raises NotAllowed."""
    if user is None:
        raise NotAllowed(_("Somebody has to answer for a visit on top of another one."))
    check_can(user, Permission.OVERBOOK)


def check_can_book_series(user: User, patient: Patient) -> None:
    """Several visits at once are booked by staff. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    check_can_book(user, patient)


def can_book_series(user: User, patient: Patient) -> bool:
    return passes(check_can_book_series, user, patient)


def check_can_plan(user: User, site: Site) -> None:
    """Sessions of several people, at sites where one books. Raises NotAllowed."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    if site not in own_sites(user):
        raise NotAllowed(_("You do not work at this site."))


def can_plan(user: User, site: Site) -> bool:
    return passes(check_can_plan, user, site)


def check_can_change(user: User, appointment: Appointment) -> None:
    """Move, confirm, cancel. Raises NotAllowed, and NotInScope for a visit out of reach."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    _check_sees(user, appointment)


def can_change(user: User, appointment: Appointment) -> bool:
    return passes(check_can_change, user, appointment)


def check_can_change_series(user: User, appointment: Appointment) -> None:
    """Move or cancel several visits at once. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    check_can_change(user, appointment)


def can_change_series(user: User, appointment: Appointment) -> bool:
    return passes(check_can_change_series, user, appointment)


def check_can_answer(user: User, appointment: Appointment) -> None:
    """Agree to a time that a patient asked for, or decline it. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    _check_sees(user, appointment)


def can_answer(user: User, appointment: Appointment) -> bool:
    return passes(check_can_answer, user, appointment)


def check_can_wait(user: User, wait: Wait) -> None:
    """Take a line off the waitlist: for whom one sees. Raises NotAllowed, NotInScope."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    if not Wait.objects.visible_to(user).filter(pk=wait.pk).exists():
        raise NotInScope(_("This line of the waitlist is not in your scope."))


def check_can_rank(user: User, wait: Wait) -> None:
    """Say who goes before others. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.BOOK_APPOINTMENT)
    check_can_wait(user, wait)


def check_can_answer_offer(user: User, offer: WaitOffer) -> None:
    """Accept or decline a time that is kept for a patient whom one sees. Raises NotAllowed, NotInScope."""
    if not is_patient(user):
        check_can(user, Permission.BOOK_APPOINTMENT)
    if not WaitOffer.objects.visible_to(user).filter(pk=offer.pk).exists():
        raise NotInScope(_("This offer is not in your scope."))


def check_can_check_in(user: User, appointment: Appointment) -> None:
    """Raises NotAllowed, NotInScope."""
    check_can(user, Permission.CHECK_IN)
    _check_sees(user, appointment)


def can_check_in(user: User, appointment: Appointment) -> bool:
    return passes(check_can_check_in, user, appointment)


def check_can_answer_ahead(user: User, appointment: Appointment) -> None:
    """The patient, or who acts for them. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.OWN_RECORD)
    _check_sees(user, appointment)


def can_answer_ahead(user: User, appointment: Appointment) -> bool:
    return passes(check_can_answer_ahead, user, appointment)


def check_can_note(user: User, appointment: Appointment) -> None:
    """Leave a word for colleagues: whoever books, checks in or takes to a room. Raises NotAllowed, NotInScope."""
    if not any(can(user, each) for each in (Permission.CHECK_IN, Permission.ROOM_PATIENT)):
        check_can(user, Permission.BOOK_APPOINTMENT)
    _check_sees(user, appointment)


def can_note(user: User, appointment: Appointment) -> bool:
    return passes(check_can_note, user, appointment)


def check_can_room(user: User, appointment: Appointment) -> None:
    """Take to a room, begin and end the visit. Raises NotAllowed, NotInScope."""
    check_can(user, Permission.ROOM_PATIENT)
    _check_sees(user, appointment)


def can_room(user: User, appointment: Appointment) -> bool:
    return passes(check_can_room, user, appointment)


def check_can_show(user: User, provider: Provider) -> None:
    """Say what a provider looks like. Raises NotAllowed."""
    if provider.user_id != user.pk:
        check_can(user, Permission.MANAGE_ACCOUNTS)


def check_can_read_along(user: User, provider: Provider) -> None:
    """Have one's own visits in one's own calendar; nobody else's. Raises NotAllowed."""
    check_can(user, Permission.PRESCRIBE)
    if provider.user_id != user.pk:
        raise NotAllowed(_("These are not your own visits."))


def check_can_take_downtime(user: User, site: Site, kind: str) -> None:
    """The papers of a site where one works; those with clinical lines for who reads charts. Raises NotAllowed."""
    check_can(user, Permission.VIEW_SCHEDULE)
    if kind == DowntimeKey.Kind.CLINICAL:
        check_can(user, Permission.READ_CLINICAL)
    if site not in own_sites(user):
        raise NotAllowed(_("You do not work at this site."))


def can_take_downtime(user: User, site: Site, kind: str) -> bool:
    return passes(check_can_take_downtime, user, site, kind)


def check_can_block(user: User, provider: Provider) -> None:
    """Raises NotAllowed unless it is one's own time, or that of a provider at a site where one keeps the desk."""
    check_can(user, Permission.BLOCK_TIME)
    if provider.user_id == user.pk:
        return
    shared = user.memberships.current().filter(role=user.acting_role, site__in=provider.sites.all())
    if user.acting_role == "doctor" or not shared.exists():
        raise NotAllowed(_("You can block your own time, or that of providers whose desk you keep."))


def can_block(user: User, provider: Provider) -> bool:
    return passes(check_can_block, user, provider)


def check_can_go_away(user: User, provider: Provider) -> None:
    """Raises NotAllowed. Who goes says so; for others the desk blocks time, and administrators name who stands in."""
    check_can(user, Permission.BLOCK_TIME)
    if provider.user_id != user.pk:
        raise NotAllowed(_("These are not your own days."))


def can_go_away(user: User, provider: Provider) -> bool:
    return passes(check_can_go_away, user, provider)


def _check_sees(user: User, appointment: Appointment) -> None:
    if not Appointment.objects.visible_to(user).filter(pk=appointment.pk).exists():
        raise NotInScope(_("This visit is not in your scope."))
