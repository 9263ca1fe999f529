from django.urls import path

from prescriptions import portal

app_name = "prescriptions_portal"
urlpatterns = [
    path("medicines", portal.medicines, name="medicines"),
    path("medicines/<uuid:prescription_id>/ask", portal.ask_refill, name="ask_refill"),
    path("medicines/refills/<uuid:refill_id>/withdraw", portal.withdraw_refill, name="withdraw_refill"),
    path("medicines/<uuid:prescription_id>/print", portal.print_prescription, name="print"),
    path("medicines/doses", portal.doses, name="doses"),
    path("medicines/<uuid:prescription_id>/times", portal.dose_times, name="dose_times"),
    path("medicines/<uuid:prescription_id>/times/end", portal.end_doses, name="end_doses"),
    path("medicines/<uuid:prescription_id>/doses", portal.mark_dose, name="mark_dose"),
    path("medicines/papers/<uuid:sheet_id>", portal.sheet, name="sheet"),
]
