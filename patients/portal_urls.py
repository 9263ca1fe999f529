from django.urls import path

from patients.portal import consents, people, privacy, profile, record, registrations

app_name = "portal"
urlpatterns = [
    path("", record.home, name="home"),
    path("record", record.record, name="record"),
    path("record/change", profile.propose, name="propose"),
    path("record/change/<uuid:proposal_id>/withdraw", profile.withdraw_proposal, name="withdraw_proposal"),
    path("record/reach", profile.preferences, name="preferences"),
    path("record/letters", profile.letter_wishes, name="letter_wishes"),
    path("openings", record.openings, name="openings"),
    path("consents", consents.consents, name="consents"),
    path("consents/<slug:purpose>", consents.consent, name="consent"),
    path("consents/<slug:purpose>/withdraw", consents.withdraw, name="withdraw_consent"),
    path("openings/doubts", privacy.doubts, name="doubts"),
    path("openings/<uuid:event_id>/doubt", privacy.doubt, name="doubt"),
    path("register", registrations.register, name="register"),
    path("register/<str:token>", registrations.confirm_registration, name="confirm_registration"),
    path("link", record.link, name="link"),
    path("disclosures", people.disclosures, name="disclosures"),
    path("people", people.people, name="people"),
    path("people/<uuid:proxy_id>/end", people.end_proxy, name="end_proxy"),
]
