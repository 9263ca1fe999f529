from django.urls import path

from prescriptions.views import charts, dispensary, favourites, halts, outreach, overrides, refills, sheets, writing

app_name = "prescriptions"
OF = "patients/<uuid:patient_id>/"
ONE = f"{OF}<uuid:prescription_id>"
urlpatterns = [
    path("", writing.written, name="written"),
    path("dispensary", dispensary.dispensary, name="dispensary"),
    path("refills", refills.refills, name="refills"),
    path("overrides", overrides.overrides, name="overrides"),
    path("favourites", favourites.favourites, name="favourites"),
    path("favourites/<uuid:favourite_id>/rename", favourites.rename_favourite, name="rename_favourite"),
    path("favourites/<uuid:favourite_id>/remove", favourites.remove_favourite, name="remove_favourite"),
    path("check/<str:code>", sheets.check, name="check"),
    path(OF, charts.medicines, name="medicines"),
    path(f"{OF}new", writing.choose, name="choose"),
    path(f"{OF}again", writing.again, name="again"),
    path(f"{OF}reviewed", halts.review, name="review"),
    path(f"{OF}told/<uuid:statement_id>/halt", halts.halt_statement, name="halt_statement"),
    path(f"{OF}papers/<uuid:sheet_id>", sheets.sheet, name="sheet"),
    path(f"{ONE}/print", sheets.print_prescription, name="print"),
    path(f"{ONE}/halt", halts.halt, name="halt"),
    path(f"{OF}told/<uuid:statement_id>/end", charts.end_statement, name="end_statement"),
    path(f"{OF}refills/<uuid:refill_id>", refills.refill, name="refill"),
    path(f"{OF}refills/<uuid:refill_id>/deny", refills.deny, name="deny_refill"),
    path(f"{OF}refills/<uuid:refill_id>/repeat", refills.repeat_refill, name="repeat_refill"),
    path(f"{OF}refills/<uuid:refill_id>/prescribe", refills.prescribe_refill, name="prescribe_refill"),
    path(ONE, charts.prescription, name="prescription"),
    path(f"{ONE}/change", writing.change, name="change"),
    path(f"{ONE}/sign", writing.sign, name="sign"),
    path(f"{ONE}/favourite", favourites.keep_favourite, name="keep_favourite"),
    path(f"{ONE}/cancel", charts.cancel, name="cancel"),
    path(f"{ONE}/mark", charts.mark, name="mark"),
    path(f"{ONE}/ready", dispensary.ready, name="ready"),
    path(f"{ONE}/not-dispensed", dispensary.not_dispense, name="not_dispense"),
    path(f"{ONE}/again", dispensary.take_up_again, name="take_up_again"),
    path(f"{ONE}/repeat", dispensary.repeat, name="repeat"),
    path(f"{ONE}/pick-up", dispensary.pick_up, name="pick_up"),
    path(f"{ONE}/reach-out", outreach.reach_out, name="reach_out"),
    path(f"{ONE}/keep", charts.keep, name="keep"),
]
