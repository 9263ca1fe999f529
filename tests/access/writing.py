"""Who may add and change which row: the policies for writing, a second time and in plain Python.

Each rule is asked about rows as they would be afterwards: as somebody made them up, with their own name or another's
wherever a name stands, in every state.
"""

from tests.access.writer import (
    ADMINISTRATOR,
    DESK,
    OFFICER,
    PATIENT,
    Asked,
    By,
    Row,
    books_there,
    by_role,
    nobody,
    reaching,
)


def own_token(row: Row, by: By) -> bool:
    return row.user_id == by.me and row.role == by.role


def own_or_revoked(row: Row, by: By) -> bool:
    return own_token(row, by) or row.revoked is not None


def unless_anothers(place: str) -> Asked:
    return lambda row, by: getattr(row, place) in (None, by.me)


def a_cover_added(row: Row, by: By) -> bool:
    return row.granted_by_id == by.me and by.is_staff and (row.absent_id == by.me or by.role == ADMINISTRATOR)


def a_cover_ended(row: Row, by: By) -> bool:
    named = by.me in (row.absent_id, row.cover_id, row.granted_by_id)
    return row.ended_by_id == by.me and (named or by.role == ADMINISTRATOR)


def access_given(row: Row, by: By) -> bool:
    """What nobody has, nobody gives; nobody gives to themself; a share is for a year. How visits, emergencies and
    answers open access has policies of its own.
    """
    kinds = {"appointment"} | ({"proxy", "care_team"} if by.is_staff else set())
    starts, ends = row.validity.lower, row.validity.upper
    a_year = row.kind == "share" and by.is_staff and starts and ends and (ends - starts).days <= 367
    return (
        row.granted_by_id == by.me
        and (row.kind in kinds or bool(a_year))
        and row.user_id != by.me
        and all(by.reaches(row.patient_id, wanted) for wanted in ("identity", *row.scopes, *row.labels))
    )


def a_paper_asked(row: Row, by: By) -> bool:
    """In the role one acts in, and nobody's before it is made; no patient signs a sick note."""
    return row.asked_as == by.role and row.state == "asked" and (by.is_staff or row.kind != "sick_note")


def a_sheet_asked(row: Row, by: By) -> bool:
    """In the role one acts in, before it is made."""
    return row.asked_as == by.role and row.state == "asked"


def a_request_answered(row: Row, by: By) -> bool:
    if row.user_id == by.me:
        return row.answered_by_id == by.me and row.state == "withdrawn"
    may = by.role == OFFICER or (row.patient_id and by.reaches(row.patient_id, "identity"))
    return row.answered_by_id == by.me and row.state in {"approved", "refused"} and bool(may)


def a_change_proposed(row: Row, by: By) -> bool:
    """By the patient; or by nobody, as the desk says that somebody is this patient who registered themself."""
    mine = by.role == PATIENT and row.proposed_by_id == by.me
    return row.state == "waiting" and (mine or (by.role == DESK and row.proposed_by_id is None))


def a_registration_answered(row: Row, by: By) -> bool:
    here = by.role == DESK and row.state not in (None, "unconfirmed")
    mine = row.answered_by_id == by.me or (row.state == "waiting" and row.asked_by_id == by.me)
    reached = row.became is None or by.reaches(row.became, "identity")
    return here and (row.site_id is None or row.site_id in by.sites) and mine and reached


def a_note_kept(row: Row, by: By) -> bool:
    """One's own alone: what a colleague left is taken over under one's own name."""
    return row.author_id == by.me and by.is_staff and by.reaches(row.patient_id, "clinical")


def an_entry_changed(row: Row, by: By) -> bool:
    marked = row.sensitivity and by.me not in (row.author_id, row.enterer_id)
    open_ = not marked or by.reaches(row.patient_id, row.sensitivity)
    return by.is_staff and by.reaches(row.patient_id, "clinical") and open_


def an_order_added(row: Row, by: By) -> bool:
    return row.written_by_id == by.me and row.ordered_by_id in (None, by.me) and an_order_changed(row, by)


def an_order_changed(row: Row, by: By) -> bool:
    marked = row.sensitivity and by.me not in (row.written_by_id, row.ordered_by_id)
    open_ = not marked or by.reaches(row.patient_id, row.sensitivity)
    return by.is_staff and by.reaches(row.patient_id, "clinical") and open_


def a_refill_asked(row: Row, by: By) -> bool:
    asks = by.role == PATIENT and row.asked_by_id == by.me and row.state == "waiting"
    return asks and by.reaches(row.patient_id, "medication")


def a_refill_answered(row: Row, by: By) -> bool:
    """In one's own name; the patient's side takes back, staff answers or begins what will be the answer."""
    answered = row.answered_by_id == by.me and (by.is_staff or row.state == "withdrawn")
    begun = by.is_staff and row.state == "waiting"
    return (answered or begun) and by.reaches(row.patient_id, "medication")


def by_the_patient(_row: Row, by: By) -> bool:
    return by.role == PATIENT


def an_amendment_asked(row: Row, by: By) -> bool:
    """By the patient's side alone, and it waits; marked or not, for who asked sees it."""
    asks = by.role == PATIENT and row.asked_by_id == by.me and row.state == "waiting"
    return asks and by.reaches(row.patient_id, "clinical")


def an_amendment_changed(row: Row, by: By) -> bool:
    """The patient's side takes back and disagrees; staff does the rest."""
    taken_back = row.answered_by_id == by.me and row.state == "withdrawn"
    disagrees = row.disagreed_by_id == by.me and row.state == "denied"
    open_ = (
        not row.sensitivity
        or by.me in (row.asked_by_id, row.written_by_id)
        or by.reaches(row.patient_id, row.sensitivity)
    )
    return (by.is_staff or taken_back or disagrees) and by.reaches(row.patient_id, "clinical") and open_


def a_release(row: Row, by: By) -> bool:
    """With the result itself: nobody wrote those that are tried, so nothing but its label opens a marked one."""
    mark = by.rule.marks[row.entry_id]
    return by.is_staff and by.reaches(row.patient_id, "clinical") and (not mark or by.reaches(row.patient_id, mark))


def an_answer(row: Row, by: By) -> bool:
    return (row.state, by.me) in (("acknowledged", row.acknowledged_by_id), ("open", row.handed_on_by_id))


def a_notice(row: Row, by: By) -> bool:
    return (by.is_staff or row.recipient_id == by.me) and by.reaches(row.patient_id, row.area)


def towards_the_other(row: Row, by: By) -> bool:
    for_another = not by.is_staff and not by.is_own(row.patient_id)
    return row.to_patient == by.is_staff and row.author_role == by.role and row.as_proxy == for_another


def not_ended(row: Row, by: By) -> bool:
    return row.ended_at is None


#: What staff keep of a person: added in one's own name, and ended so.
PROFILE = (
    reaching("identity", "added_by_id", staff=True, also=not_ended),
    reaching("identity", staff=True, also=unless_anothers("ended_by_id")),
)
#: Table → who may add such a row, and who may make one into such a row. Where nobody, the system or a function does it.
RULES: dict[str, tuple[Asked, Asked]] = {
    "accounts_cover": (a_cover_added, a_cover_ended),
    "accounts_membership": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "accounts_rightschange": (by_role(ADMINISTRATOR, "made_by_id"), nobody),
    "accounts_roleedit": (by_role(ADMINISTRATOR, "made_by_id"), by_role(ADMINISTRATOR, "made_by_id")),
    "accounts_secondfactorreset": (
        lambda row, by: by_role(ADMINISTRATOR, "requested_by_id")(row, by) and row.approved_by_id is None,
        lambda row, by: by.role == ADMINISTRATOR and row.approved_by_id in (None, by.me),
    ),
    "accounts_team": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "alerts_alert": (nobody, an_answer),
    "alerts_anomaly": (nobody, lambda row, by: by_role(OFFICER, "reviewed_by_id")(row, by) and row.verdict != ""),
    "alerts_notice": (nobody, a_notice),
    "alerts_digest": (nobody, nobody),
    "alerts_handing": (lambda row, by: row.handed_by_id == by.me and by.is_staff and a_notice(row, by), nobody),
    "alerts_putoff": (reaching("identity", "user_id", staff=True), reaching("identity", "user_id", staff=True)),
    "alerts_reminder": (reaching("schedule"), reaching("schedule")),
    "alerts_ladder": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "alerts_recipients": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "alerts_reminderplan": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "alerts_watchedit": (by_role(OFFICER, "made_by_id"), by_role(OFFICER)),
    "alerts_watchmark": (nobody, nobody),
    "api_accesstoken": (own_token, own_or_revoked),
    "api_application": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "api_grant": (own_token, own_token),
    "api_refreshtoken": (own_token, own_or_revoked),
    "api_reply": (lambda row, by: row.user_id == by.me, lambda row, by: row.user_id == by.me),
    "billing_coverage": (
        reaching("billing", "entered_by_id", staff=True, also=lambda row, by: row.source == ""),
        reaching("billing", staff=True, also=unless_anothers("ended_by_id")),
    ),
    "billing_eligibilitycheck": (
        reaching("billing", "asked_by_id", staff=True, also=lambda row, by: row.status == "asked"),
        nobody,
    ),
    "billing_invoice": (nobody, reaching("billing", staff=True)),
    "billing_invoiceline": (nobody, nobody),
    "billing_ledgerentry": (
        reaching("billing", "entered_by_id", staff=True, also=lambda row, by: row.kind in {"payment", "reversal"}),
        nobody,
    ),
    "billing_unbilledvisit": (nobody, nobody),
    "billing_visitcoverage": (nobody, nobody),
    "messaging_message": (lambda row, by: row.created_by_id == by.me and row.status == "queued", nobody),
    "patients_accessrequest": (
        lambda row, by: row.user_id == by.me and row.role == by.role != PATIENT and row.state == "waiting",
        a_request_answered,
    ),
    "patients_address": PROFILE,
    "patients_carerelationship": (access_given, lambda row, by: row.ended_by_id == by.me),
    "patients_closewatch": (
        lambda row, by: by_role(OFFICER, "placed_by_id")(row, by) and row.ended_at is None,
        by_role(OFFICER, "ended_by_id"),
    ),
    "patients_consent": (reaching("identity", "recorded_by_id"), reaching("identity", "withdrawn_by_id")),
    "patients_contactpoint": PROFILE,
    "patients_contactpreference": (
        reaching("identity", "added_by_id", also=not_ended),
        reaching("identity", "ended_by_id"),
    ),
    "patients_letterwish": (reaching("identity", "added_by_id", also=not_ended), reaching("identity", "ended_by_id")),
    "patients_deathreport": (
        reaching("identity", "reported_by_id", staff=True, also=lambda row, by: row.taken_back_at is None),
        reaching("identity", "taken_back_by_id", staff=True),
    ),
    "patients_disclosure": (reaching("identity", "made_by_id", staff=True), reaching("identity")),
    "patients_duplicatepair": (
        reaching("identity", staff=True, also=unless_anothers("settled_by_id")),
        reaching("identity", "settled_by_id", staff=True),
    ),
    "patients_emergencyaccess": (
        nobody,
        lambda row, by: by_role(OFFICER, "reviewed_by_id")(row, by) and row.user_id != by.me,
    ),
    "patients_groupgrant": (nobody, nobody),
    "patients_importedsource": (nobody, reaching("identity")),
    "patients_merge": (nobody, nobody),
    "patients_patient": (
        lambda row, by: by.is_staff and row.site_id in by.sites,
        lambda row, by: by.reaches(row.id, "identity"),
    ),
    "patients_patientidentifier": (reaching("identity", staff=True), reaching("identity")),
    "patients_patientlink": (
        reaching("identity", staff=True, also=lambda row, by: by.reaches(row.other_id, "identity")),
        reaching("identity"),
    ),
    "patients_patientorigin": (nobody, reaching("identity")),
    "patients_patientname": PROFILE,
    "patients_portalcode": (reaching("identity", "issued_by_id"), reaching("identity")),
    "patients_privacycase": (
        lambda row, by: (
            by.role == PATIENT
            and reaching("identity", "opened_by_id")(row, by)
            and row.owner_id is row.answered_at is None
            and row.verdict == ""
        ),
        lambda row, by: by.role == OFFICER and row.answered_by_id in (None, by.me),
    ),
    "patients_proposedchange": (
        reaching("identity", also=a_change_proposed),
        reaching("identity", "answered_by_id", also=lambda row, by: by.is_staff or row.state == "withdrawn"),
    ),
    "patients_proxy": (
        reaching("identity", "checked_by_id", staff=True),
        lambda row, by: row.user_id == by.me or by.reaches(row.patient_id, "identity"),
    ),
    "patients_relatedperson": PROFILE,
    "patients_restriction": (
        reaching("identity", "agreed_by_id", also=lambda row, by: row.user_id != by.me),
        reaching("identity", "ended_by_id"),
    ),
    "patients_selfregistration": (
        lambda row, by: row.state == "unconfirmed" and row.confirmed_at is row.asked_at is row.became is None,
        a_registration_answered,
    ),
    "patients_usergrant": (nobody, nobody),
    "prescriptions_collectiondeadline": (reaching("medication", staff=True), reaching("medication", staff=True)),
    "prescriptions_dispense": (reaching("medication", staff=True), reaching("medication", staff=True)),
    "prescriptions_dosemark": (
        reaching("medication", "marked_by_id", also=by_the_patient),
        reaching("medication", "marked_by_id", also=by_the_patient),
    ),
    "prescriptions_doseplan": (
        reaching("medication", "set_by_id", also=by_the_patient),
        reaching("medication", "ended_by_id", also=by_the_patient),
    ),
    "prescriptions_favouriteprescription": (lambda row, by: row.user_id == by.me, lambda row, by: row.user_id == by.me),
    "prescriptions_halt": (reaching("medication", "said_by_id", staff=True), nobody),
    "prescriptions_medicationreview": (reaching("medication", "reviewed_by_id", staff=True), nobody),
    "prescriptions_medicationstatement": (
        nobody,
        reaching("medication", staff=True, also=unless_anothers("ended_by_id")),
    ),
    "prescriptions_orderset": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "prescriptions_ordersetline": (by_role(ADMINISTRATOR), nobody),
    "prescriptions_outreach": (reaching("medication", "reached_by_id", staff=True), nobody),
    "prescriptions_prescription": (
        reaching("medication", staff=True, also=lambda row, by: row.status == "draft"),
        reaching("medication", staff=True),
    ),
    "prescriptions_refillrequest": (a_refill_asked, a_refill_answered),
    "prescriptions_prescriptionsheet": (reaching("medication", "asked_by_id", also=a_sheet_asked), nobody),
    "prescriptions_safetycheck": (reaching("medication", staff=True), nobody),
    "records_diagnosisfavorite": (lambda row, by: row.user_id == by.me, nobody),
    "records_amendmentrequest": (an_amendment_asked, an_amendment_changed),
    "records_cosignature": (reaching("clinical", "signed_by_id", staff=True), nobody),
    "records_draft": (a_note_kept, a_note_kept),
    "records_encounter": (reaching("clinical", staff=True), reaching("clinical", staff=True)),
    "records_entry": (
        reaching("clinical", "enterer_id", staff=True, also=unless_anothers("signed_by_id")),
        an_entry_changed,
    ),
    "records_favouriteorder": (lambda row, by: row.user_id == by.me, nobody),
    "records_favourite": (lambda row, by: row.user_id == by.me, lambda row, by: row.user_id == by.me),
    "records_macro": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_attachment": (
        reaching("message", "added_by_id", also=lambda row, by: row.state in ("pending", "unknown")),
        nobody,
    ),
    "records_messagetemplate": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_message": (
        reaching("message", "author_id", also=towards_the_other),
        reaching("message", "read_by_id", also=lambda row, by: row.to_patient != by.is_staff),
    ),
    "records_paper": (
        reaching("clinical", "asked_by_id", also=a_paper_asked),
        reaching("clinical", "voided_by_id", staff=True, also=lambda row, by: row.kind == "sick_note"),
    ),
    "records_releasepolicy": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_releasewish": (reaching("clinical", "said_by_id", also=lambda row, by: by.role == PATIENT), nobody),
    "records_recall": (
        reaching("schedule", "planned_by_id", staff=True, also=lambda row, by: row.state == "planned"),
        reaching("schedule", staff=True, also=unless_anothers("ended_by_id")),
    ),
    "records_pool": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_poolmember": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_recallcall": (reaching("schedule", "called_by_id", staff=True), nobody),
    "records_resultdue": (reaching("clinical", staff=True), nobody),
    "records_resultrelease": (a_release, a_release),
    "records_servicerequest": (an_order_added, an_order_changed),
    "records_supervision": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "records_thread": (
        reaching(
            *("message", "started_by_id"),
            also=lambda row, by: row.status == "open" if by.is_staff else row.status == "new" and not row.taken_by_id,
        ),
        reaching("message", also=lambda row, by: row.status != "closed" or row.closed_by_id == by.me),
    ),
    "records_unmatchedresult": (nobody, nobody),
    "scheduling_downtimekey": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_patientfeed": (
        reaching("schedule", "owner_id", also=lambda row, by: by.role == PATIENT),
        reaching("schedule", "owner_id"),
    ),
    "scheduling_providerfeed": (
        lambda row, by: row.owner_id == by.me and by.is_staff,
        lambda row, by: row.owner_id == by.me,
    ),
    "scheduling_wait": (
        reaching("schedule", "added_by_id", also=lambda row, by: row.state == "waiting"),
        reaching("schedule"),
    ),
    "scheduling_waitoffer": (nobody, reaching("schedule")),
    "scheduling_aheadanswer": 2 * (reaching("schedule", "answered_by_id", also=lambda row, by: by.role == PATIENT),),
    "scheduling_appointment": (reaching("schedule"), reaching("schedule")),
    "scheduling_patientclaim": (reaching("schedule"), reaching("schedule")),
    "scheduling_qualification": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_groupsession": (lambda row, by: books_there(row, by) and row.planned_by_id == by.me, books_there),
    "scheduling_siteclosure": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_resource": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_visittype": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_workexception": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "scheduling_workrule": (by_role(ADMINISTRATOR), by_role(ADMINISTRATOR)),
    "storage_storedobject": (lambda row, by: True, nobody),
}
#: Table → who may remove a row. From the others nobody removes any, or from what they see: the drafts that are theirs.
REMOVES: dict[str, Asked] = {
    "patients_patientidentifier": reaching("identity", staff=True),
    "patients_patientlink": reaching("identity", staff=True),
    "records_favouriteorder": lambda row, by: row.user_id == by.me,
    "prescriptions_favouriteprescription": lambda row, by: row.user_id == by.me,
    "prescriptions_ordersetline": by_role(ADMINISTRATOR),
    "records_diagnosisfavorite": lambda row, by: row.user_id == by.me,
    "scheduling_siteclosure": by_role(ADMINISTRATOR),
    "scheduling_workexception": by_role(ADMINISTRATOR),
    "scheduling_workrule": by_role(ADMINISTRATOR),
}
