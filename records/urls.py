from django.urls import path

from records.views import (
    allergies,
    encounters,
    entries,
    histories,
    immunizations,
    marking,
    messages,
    notes,
    orders,
    past,
    problems,
    results,
    searching,
    vitals,
)

app_name = "records"
VISIT = "<uuid:patient_id>/visits/<uuid:encounter_id>"
ENTRY = "<uuid:patient_id>/entries/<uuid:entry_id>"
ORDER = "<uuid:patient_id>/orders/<uuid:order_id>"
THREAD = "<uuid:patient_id>/messages/<uuid:thread_id>"
urlpatterns = [
    # Visits and their notes
    path("notes-to-sign", notes.notes_to_sign, name="notes_to_sign"),
    path("<uuid:patient_id>/visits/", encounters.encounters, name="encounters"),
    path("<uuid:patient_id>/visits/start", encounters.start, name="start"),
    path(
        "<uuid:patient_id>/visits/start/<uuid:appointment_id>", encounters.start_appointment, name="start_appointment"
    ),
    path(f"{VISIT}/", encounters.encounter, name="encounter"),
    path(f"{VISIT}/finish", encounters.finish, name="finish"),
    path(f"{VISIT}/close", encounters.close, name="close"),
    path(f"{VISIT}/reopen", encounters.reopen, name="reopen"),
    path(f"{VISIT}/note", notes.note, name="note"),
    path(f"{VISIT}/note/draft", notes.draft, name="draft"),
    path(f"{VISIT}/note/throw-away", notes.throw_away, name="throw_away"),
    path(f"{VISIT}/note/sign", notes.sign, name="sign"),
    path(f"{VISIT}/note/addendum", notes.add_addendum, name="add_addendum"),
    # Entries
    path("results-to-read", results.results_to_read, name="results_to_read"),
    path("<uuid:patient_id>/entries/", entries.entries, name="entries"),
    path("<uuid:patient_id>/imported/", entries.imported, name="imported"),
    path("<uuid:patient_id>/as-of", past.past, name="past"),
    path("<uuid:patient_id>/search", searching.search_chart, name="search_chart"),
    path("search", searching.search, name="search"),
    path(f"{ENTRY}/", entries.entry, name="entry"),
    path(f"{ENTRY}/void", entries.void, name="void"),
    path(f"{ENTRY}/mark", marking.mark, name="mark"),
    path(f"{ENTRY}/correct-vital", vitals.correct, name="correct_vital"),
    path(f"{ENTRY}/correct-result", results.correct, name="correct_result"),
    path(f"{ENTRY}/release", results.release, name="release_result"),
    path(f"{ENTRY}/change-condition", problems.change, name="change_condition"),
    path(f"{ENTRY}/change-allergy", allergies.change, name="change_allergy"),
    path("<uuid:patient_id>/vitals/record", vitals.record, name="record_vitals"),
    path("<uuid:patient_id>/results/", results.results, name="results"),
    path("<uuid:patient_id>/results/enter", results.enter, name="enter_result"),
    path("<uuid:patient_id>/problems/", problems.problems, name="problems"),
    path("<uuid:patient_id>/problems/add", problems.record, name="record_condition"),
    path("allergies-to-ask", allergies.to_ask, name="allergies_to_ask"),
    path("<uuid:patient_id>/allergies/", allergies.allergies, name="allergies"),
    path("<uuid:patient_id>/allergies/add", allergies.record, name="record_allergy"),
    path("<uuid:patient_id>/allergies/none-known", allergies.none_known, name="no_known_allergies"),
    path("<uuid:patient_id>/history/", histories.histories, name="histories"),
    path("<uuid:patient_id>/history/living", histories.living, name="record_living"),
    path("<uuid:patient_id>/history/<slug:subject>/add", histories.record, name="record_history"),
    path("<uuid:patient_id>/history/<slug:subject>/none-known", histories.none_known, name="none_known"),
    path(f"{ENTRY}/change-history", histories.change, name="change_history"),
    path("<uuid:patient_id>/immunizations/", immunizations.immunizations, name="immunizations"),
    path("<uuid:patient_id>/immunizations/add", immunizations.record, name="record_immunization"),
    # Orders
    path("<uuid:patient_id>/orders/", orders.orders, name="orders"),
    path("<uuid:patient_id>/orders/new", orders.order, name="order"),
    path(f"{ORDER}/", orders.one_order, name="one_order"),
    path(f"{ORDER}/place", orders.place, name="place_order"),
    path(f"{ORDER}/collect", orders.collect, name="collect_specimen"),
    path(f"{ORDER}/extend", orders.extend, name="extend_order"),
    path(f"{ORDER}/revoke", orders.revoke, name="revoke_order"),
    path(f"{ORDER}/fail", orders.fail, name="fail_order"),
    path(f"{ORDER}/favourite", orders.favourite, name="favourite_order"),
    # Messages
    path("messages/", messages.inbox, name="inbox"),
    path("<uuid:patient_id>/messages/", messages.messages, name="messages"),
    path("<uuid:patient_id>/messages/write", messages.start_thread, name="start_thread"),
    path(f"{THREAD}/", messages.thread, name="thread"),
    path(f"{THREAD}/take", messages.take_thread, name="take_thread"),
    path(f"{THREAD}/close", messages.close_thread, name="close_thread"),
    path(f"{THREAD}/read", messages.read_thread, name="read_thread"),
]
