"""A kind of alert and a letter for requests for a refill."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0019_walls_of_what_is_arranged"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("abnormal_value", "Abnormal value"),
                    ("unread_result", "Result not read"),
                    ("corrected_result", "Result corrected after it was read"),
                    ("failed_order", "Nothing more comes of an order"),
                    ("amendment", "Asked that the record be amended"),
                    ("amendment_due", "Answer due: amendment of the record"),
                    ("recall_due", "To be called in"),
                    ("not_collected", "Medicine not collected"),
                    ("not_dispensed", "Medicine not dispensed"),
                    ("picked_up", "Medicine picked up"),
                    ("later_conflict", "Conflict found after signing"),
                    ("refill_request", "Patient asks for a refill"),
                    ("blocked_time", "Visit in blocked time"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="letter",
            field=models.CharField(
                choices=[
                    ("appointment_booked", "appointment_booked"),
                    ("appointment_moved", "appointment_moved"),
                    ("appointment_cancelled", "appointment_cancelled"),
                    ("series_booked", "series_booked"),
                    ("series_moved", "series_moved"),
                    ("series_cancelled", "series_cancelled"),
                    ("appointment_requested", "appointment_requested"),
                    ("request_declined", "request_declined"),
                    ("request_expired", "request_expired"),
                    ("wait_offered", "wait_offered"),
                    ("offer_lost", "offer_lost"),
                    ("reminder", "reminder"),
                    ("text_confirmed", "text_confirmed"),
                    ("text_cancelled", "text_cancelled"),
                    ("text_too_late", "text_too_late"),
                    ("new_message", "new_message"),
                    ("message_to_answer", "message_to_answer"),
                    ("result_released", "result_released"),
                    ("prescription_ready", "prescription_ready"),
                    ("privacy_answer", "privacy_answer"),
                    ("amendment_answer", "amendment_answer"),
                    ("refill_answer", "refill_answer"),
                    ("invoice_issued", "invoice_issued"),
                    ("urgent_alert", "urgent_alert"),
                    ("alert", "alert"),
                    ("unanswered_alert", "unanswered_alert"),
                ],
                max_length=24,
            ),
        ),
    ]
