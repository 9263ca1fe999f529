from django.urls import path

from billing.views import bills, coverage

app_name = "billing"
urlpatterns = [
    path("", bills.list_, name="list"),
    path("cards-to-ask", coverage.to_ask, name="cards_to_ask"),
    path("<uuid:patient_id>/", bills.account, name="account"),
    path("<uuid:patient_id>/coverage/", coverage.coverage, name="coverage"),
    path("<uuid:patient_id>/coverage/record", coverage.record, name="record_coverage"),
    path("<uuid:patient_id>/coverage/<uuid:coverage_id>/change", coverage.change, name="change_coverage"),
    path("<uuid:patient_id>/coverage/<uuid:coverage_id>/withdraw", coverage.withdraw, name="withdraw_coverage"),
    path("<uuid:patient_id>/coverage/<uuid:coverage_id>/check", coverage.check, name="check_coverage"),
    path("<uuid:patient_id>/<uuid:invoice_id>/", bills.invoice, name="invoice"),
    path("<uuid:patient_id>/<uuid:invoice_id>/document", bills.document, name="document"),
    path("<uuid:patient_id>/<uuid:invoice_id>/pay", bills.pay, name="pay"),
    path(
        "<uuid:patient_id>/<uuid:invoice_id>/payments/<uuid:entry_id>/reverse",
        bills.reverse_payment,
        name="reverse_payment",
    ),
]
