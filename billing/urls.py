from django.urls import path

from billing import views

app_name = "billing"
urlpatterns = [
    path("", views.list_, name="list"),
    path("<uuid:patient_id>/", views.account, name="account"),
    path("<uuid:patient_id>/<uuid:invoice_id>/", views.invoice, name="invoice"),
    path("<uuid:patient_id>/<uuid:invoice_id>/document", views.document, name="document"),
    path("<uuid:patient_id>/<uuid:invoice_id>/pay", views.pay, name="pay"),
    path(
        "<uuid:patient_id>/<uuid:invoice_id>/payments/<uuid:entry_id>/reverse",
        views.reverse_payment,
        name="reverse_payment",
    ),
]
