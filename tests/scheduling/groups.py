"""A session of several people as the tests of groups plan, fill and look at it, by the verbs."""

from django.db import connection

from healthcare.audit.models import AuditEvent
from healthcare.db.context import acting_as
from scheduling import actions
from scheduling.models import Appointment, TimeClaim
from tests.factories import PatientFactory
from tests.roles import as_the_system
from tests.scheduling.conftest import NINE, NOW


def plan(clinic, *, by=None, start=NINE, **changes):
    by = by or clinic.desk
    asked = {"provider": clinic.provider, "site": clinic.site, "visit_type": clinic.visit_type, "now": NOW}
    with acting_as(by):
        return actions.plan_session(by=by, start=start, **asked | changes)


def seat(clinic, session, patient=None, *, by=None, now=NOW, **more):
    by = by or clinic.desk
    with acting_as(by):
        return actions.give_seat(by=by, patient=patient or clinic.patient, session=session, now=now, **more)


def do(clinic, verb, *, by=None, now=NOW, **more):
    by = by or clinic.desk
    with acting_as(by):
        return getattr(actions, verb)(by=by, now=now, **more)


def others(clinic, count):
    return [PatientFactory(site=clinic.site) for _each in range(count)]


def claims():
    with as_the_system():
        return list(TimeClaim.objects.order_by("blocked", "pk"))


def standing(session):
    with as_the_system():
        return list(Appointment.objects.standing().filter(session=session).order_by("seat"))


def at_once():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def audited(action):
    with as_the_system():
        return AuditEvent.objects.filter(action=action).count()
