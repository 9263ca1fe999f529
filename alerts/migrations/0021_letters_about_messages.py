"""Letters about messages that may be urgent, and about those that wait too long."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0020_of_refill_requests"),
    ]

    operations = [
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
                    ("urgent_message", "urgent_message"),
                    ("message_overdue", "message_overdue"),
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
