from django.urls import path

from billing import portal

app_name = "billing_portal"
urlpatterns = [
    path("bills/", portal.list_, name="list"),
    path("coverage/", portal.coverage, name="coverage"),
    path("bills/<uuid:invoice_id>/", portal.invoice, name="invoice"),
    path("bills/<uuid:invoice_id>/document", portal.document, name="document"),
]
