"""Conversations of the sample clinic in every state: waiting, late, urgent, taken, answered, closed."""

from datetime import datetime, timedelta

from django.utils import timezone

from healthcare.accounts.models import Membership, User
from healthcare.db.context import acting_as, acting_as_system
from patients.models import Patient
from patients.queries import own_patient
from records.actions.messages import close_thread, read_thread, send_message, start_thread, take_thread
from records.models import Thread
from records.rules.messages import urgent_words

About = Thread.Category
PATIENT, NURSE, DOCTOR, DESK = "patient", "nurse", "doctor", "front_desk"
# Who does what, how many hours ago. A text is sent; "takes", "reads" and "closes" are done.
Step = tuple[str, float, str]
ROSA, JUNE = "rosa.delgado@mail.example", "june.nakamura@mail.example"
STORIES: tuple[tuple[str, Thread.Category, tuple[Step, ...]], ...] = (
    (
        ROSA,
        About.FORM,
        (
            (PATIENT, 74, "The eye center has not called me. Do I need to do something?"),
            (NURSE, 51, "Hello Rosie, we sent the letter on the 4th. I called them today."),
            (NURSE, 50, "They have room in the first week of next month. Does that suit you?"),
        ),
    ),
    (
        ROSA,
        About.MEDICINE,
        (
            (PATIENT, 700, "My tablets look different this time. Is that right?"),
            (NURSE, 680, "Yes. It is the same medicine and the same strength, from another maker."),
            (PATIENT, 679, "Thank you."),
            (NURSE, 678, "reads"),
            (NURSE, 677, "closes"),
        ),
    ),
    (
        "edmund.hollis@mail.example",
        About.QUESTION,
        (
            (PATIENT, 190, "My ankles are a little swollen in the evening. It was like this last week, too."),
            (NURSE, 188, "takes"),
        ),
    ),
    ("chidi.abara@mail.example", About.MEDICINE, ((PATIENT, 3, "May I have more metformin? It lasts until Friday."),)),
    (
        "omar.haddad@mail.example",
        About.QUESTION,
        ((PATIENT, 0.6, "I had chest pain on the stairs yesterday. It went away by itself. Should I come in?"),),
    ),
    (
        "grace.osei@mail.example",
        About.RESULT,
        ((PATIENT, 20, "Is my last result good enough to stay on the same dose?"), (DOCTOR, 19, "takes")),
    ),
    (JUNE, About.VISIT, ((PATIENT, 26, "Can my next visit be by video? I will be away from home."),)),
    (
        JUNE,
        About.BILL,
        (
            (PATIENT, 310, "Why do I pay for the blood test? I thought it was covered."),
            (DESK, 290, "Your plan pays after a yearly amount that is yours. I sent you their letter."),
            (PATIENT, 289, "Now I understand. Thanks."),
            (DESK, 288, "reads"),
            (DESK, 287, "closes"),
        ),
    ),
    (
        "adaeze.okonkwo@mail.example",
        About.FORM,
        (
            (PATIENT, 52, "The day care asks for Kamsi’s vaccine card. Can you send it?"),
            (NURSE, 48, "It is ready at the desk; you can also print it from the portal."),
            (PATIENT, 47, "reads"),
        ),
    ),
    ("imran.chaudhry@mail.example", About.OTHER, ((PATIENT, 100, "Is there parking for a wheelchair van?"),)),
    ("imran.chaudhry@mail.example", About.RESULT, ((DOCTOR, 30, "Your cholesterol is better. Go on as you do."),)),
)


def tell() -> None:
    """Tell the conversations once; nothing where somebody wrote already, or nobody has an account."""
    with acting_as_system("demo"):
        if Thread.objects.exists():
            return
    now = timezone.now()
    for email, category, steps in STORIES:
        account = User.objects.filter(email__iexact=email).first()
        if account is None:
            continue
        with acting_as(account.in_role("patient")):
            patient = own_patient(account)
        if patient is not None:
            converse(patient, account, category, steps, now)


def converse(
    patient: Patient, account: User, category: Thread.Category, steps: tuple[Step, ...], now: datetime
) -> Thread | None:
    thread: Thread | None = None
    for role, hours, text in steps:
        user = account.in_role(PATIENT) if role == PATIENT else colleague(patient, role)
        if user is None:
            return thread
        with acting_as(user):
            thread = act(user, patient, thread, category, text, now - timedelta(hours=hours))
    return thread


def act(
    user: User, patient: Patient, thread: Thread | None, category: Thread.Category, text: str, at: datetime
) -> Thread:
    confirmed = urgent_words(text).mark
    if thread is None:
        return start_thread(by=user, patient=patient, category=category, body=text, now=at, confirmed=confirmed)
    if text == "takes":
        return take_thread(by=user, thread=thread, instead_of=None, now=at)
    if text == "closes":
        close_thread(by=user, thread=thread, now=at)
    elif text == "reads":
        read_thread(by=user, thread=thread, now=at)
    else:
        read_thread(by=user, thread=thread, now=at)
        send_message(by=user, thread=thread, body=text, now=at, confirmed=confirmed)
    return thread


def colleague(patient: Patient, role: str) -> User | None:
    """Who works in this role at the patient's site, the longest there."""
    found = Membership.objects.current().filter(site_id=patient.site_id, role=role).select_related("user")
    first = found.order_by("id").first()
    return first.user.in_role(role) if first else None
