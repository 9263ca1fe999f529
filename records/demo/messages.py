"""Conversations of the sample clinic in every state: waiting, late, urgent, taken, answered, closed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from healthcare.accounts.models import Membership, Site, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from patients.queries import own_patient
from records.actions.filing import file_thread
from records.actions.messages import read_thread, send_message, start_thread
from records.actions.pools import arrange_pool
from records.actions.threads import close_thread, set_thread_aside, take_thread
from records.models import Pool, Thread
from records.queries.results import results_of
from records.rules.messages import SATURDAY, urgent_words

About = Thread.Category
PATIENT, NURSE, DOCTOR, DESK = "patient", "nurse", "doctor", "front_desk"
# The pools of each site: what they take by themselves, who answers there, within so many working hours.
POOLS: tuple[tuple[str, tuple[Thread.Category, ...], str, int], ...] = (
    ("Nurses", (About.QUESTION, About.RESULT, About.FORM), NURSE, 16),
    ("Prescriptions", (About.MEDICINE,), NURSE, 8),
    ("Visits and bills", (About.VISIT, About.BILL, About.OTHER), DESK, 16),
)
# Who does what, and when: hours ago as a number, or a working day before today and the time at the site, "3 9:40".
# A text is sent; "takes", "reads", "sets aside", "files" and "closes" are done.
Step = tuple[str, float | str, str]
ROSA, JUNE = "rosa.delgado@mail.example", "june.nakamura@mail.example"
STORIES: tuple[tuple[str, Thread.Category, tuple[Step, ...]], ...] = (
    (
        ROSA,
        About.FORM,
        (
            (PATIENT, "3 19:40", "The eye center has not called me. Do I need to do something?"),
            (NURSE, "2 8:55", "Hello Rosie, we sent the letter on the 4th. I called them today."),
            (NURSE, "1 10:12", "They have room in the first week of next month. Does that suit you?"),
            (NURSE, "1 10:13", "sets aside"),
        ),
    ),
    (
        ROSA,
        About.MEDICINE,
        (
            (PATIENT, "20 17:05", "My tablets look different this time. Is that right?"),
            (NURSE, "19 9:20", "Yes. It is the same medicine and the same strength, from another maker."),
            (PATIENT, "19 12:31", "Thank you."),
            (NURSE, "19 13:10", "reads"),
            (NURSE, "19 13:11", "closes"),
        ),
    ),
    (
        "edmund.hollis@mail.example",
        About.QUESTION,
        (
            (PATIENT, "4 20:15", "My ankles are a little swollen in the evening. It was like this last week, too."),
            (NURSE, "3 8:30", "takes"),
        ),
    ),
    (
        "alistair.campbell@mail.example",
        About.MEDICINE,
        ((PATIENT, 3, "May I have more metformin? It lasts until Friday."),),
    ),
    (
        "omar.haddad@mail.example",
        About.QUESTION,
        ((PATIENT, 0.6, "I had chest pain on the stairs yesterday. It went away by itself. Should I come in?"),),
    ),
    (
        "grace.osei@mail.example",
        About.RESULT,
        (
            (PATIENT, "1 14:25", "Is my last result good enough to stay on the same dose?"),
            (DOCTOR, "1 16:40", "takes"),
        ),
    ),
    (JUNE, About.VISIT, ((PATIENT, "1 11:50", "Can my next visit be by video? I will be away from home."),)),
    (
        JUNE,
        About.BILL,
        (
            (PATIENT, "9 18:20", "Why do I pay for the blood test? I thought it was covered."),
            (DESK, "8 10:05", "Your plan pays after a yearly amount that is yours. I sent you their letter."),
            (PATIENT, "8 12:40", "Now I understand. Thanks."),
            (DESK, "8 13:15", "reads"),
            (DESK, "8 13:16", "closes"),
        ),
    ),
    (
        "adaeze.okonkwo@mail.example",
        About.FORM,
        (
            (PATIENT, "2 9:10", "The day care asks for Kamsi’s vaccine card. Can you send it?"),
            (NURSE, "2 11:30", "It is ready at the desk; you can also print it from the portal."),
            (PATIENT, "1 7:45", "reads"),
            (NURSE, "1 8:10", "files"),
        ),
    ),
    ("imran.chaudhry@mail.example", About.OTHER, ((PATIENT, "3 10:35", "Is there parking for a wheelchair van?"),)),
    ("imran.chaudhry@mail.example", About.RESULT, ((DOCTOR, "1 15:20", "Your cholesterol is better. Go on so."),)),
)


def tell() -> None:
    """Tell the conversations once; nothing where somebody wrote already, or nobody has an account."""
    with acting_as_system("demo"):
        if Thread.objects.exists():
            return
    now = timezone.now()
    arrange_pools(now)
    for email, category, steps in STORIES:
        account = User.objects.filter(email__iexact=email).first()
        if account is None:
            continue
        with acting_as(account.in_role("patient")):
            patient = own_patient(account)
        if patient is not None:
            converse(patient, account, category, steps, now)


def arrange_pools(now: datetime) -> None:
    """As the administrator arranges them, at each site that has somebody to answer."""
    boss = Membership.objects.current().filter(role="administrator").select_related("user").order_by("id").first()
    if boss is None:
        return
    user = boss.user.in_role("administrator")
    with acting_as(user):
        for site in Site.objects.filter(closed_at=None).order_by("id"):
            for name, takes, role, hours in POOLS:
                people = working(site, role)
                if people and not Pool.objects.filter(site=site, name=name).exists():
                    values = {"name": name, "takes": [str(one) for one in takes], "answer_hours": hours, "active": True}
                    arrange_pool(by=user, site=site, values=values, people=people, now=now)


def working(site: Site, role: str) -> list[User]:
    here = Membership.objects.current().filter(site=site, role=role, user__is_active=True)
    return list(User.objects.filter(pk__in=here.values("user")).order_by("pk"))


def converse(
    patient: Patient, account: User, category: Thread.Category, steps: tuple[Step, ...], now: datetime
) -> Thread | None:
    thread: Thread | None = None
    for role, when, text in steps:
        user = account.in_role(PATIENT) if role == PATIENT else colleague(patient, role)
        if user is None:
            return thread
        with acting_as(user):
            thread = act(user, patient, thread, category, text, moment(when, patient.site.time_zone, now))
    return thread


def moment(when: float | str, zone: str, now: datetime) -> datetime:
    """The moment that a step says; in UTC."""
    if not isinstance(when, str):
        return now - timedelta(hours=when)
    back, clock = when.split()
    day, left = now.astimezone(ZoneInfo(zone)).date(), int(back)
    while left:
        day -= timedelta(days=1)
        left -= day.weekday() < SATURDAY
    hour, minute = clock.split(":")
    return datetime.combine(day, time(int(hour), int(minute)), ZoneInfo(zone)).astimezone(UTC)


def act(
    user: User, patient: Patient, thread: Thread | None, category: Thread.Category, text: str, at: datetime
) -> Thread:
    confirmed = urgent_words(text).mark
    if thread is None:
        asks = category == About.RESULT and user.acting_role == PATIENT
        about = newest_result(user, patient) if asks else ""
        return start_thread(
            by=user, patient=patient, category=category, body=text, now=at, source=about, confirmed=confirmed
        )
    if text == "takes":
        return take_thread(by=user, thread=thread, instead_of=None, now=at)
    if text == "closes":
        close_thread(by=user, thread=thread, now=at)
    elif text == "sets aside":
        set_thread_aside(by=user, thread=thread, waits=True, now=at)
    elif text == "files":
        file_thread(by=user, thread=thread, now=at)
    elif text == "reads":
        read_thread(by=user, thread=thread, now=at)
    else:
        read_thread(by=user, thread=thread, now=at)
        send_message(by=user, thread=thread, body=text, now=at, confirmed=confirmed)
    return thread


def newest_result(user: User, patient: Patient) -> str:
    """What a question about a result is about, where this person sees one."""
    found = results_of(user, patient)
    return f"records.entry:{found[0].pk}" if found else ""


def colleague(patient: Patient, role: str) -> User | None:
    """Who works in this role at the patient's site, the longest there."""
    found = Membership.objects.current().filter(site_id=patient.site_id, role=role).select_related("user")
    first = found.order_by("id").first()
    return first.user.in_role(role) if first else None
