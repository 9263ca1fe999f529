"""Letters about times that are kept for who waits."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0012_letters_about_series"),
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
                    ("new_message", "new_message"),
                    ("message_to_answer", "message_to_answer"),
                    ("result_released", "result_released"),
                    ("prescription_ready", "prescription_ready"),
                    ("privacy_answer", "privacy_answer"),
                    ("amendment_answer", "amendment_answer"),
                    ("invoice_issued", "invoice_issued"),
                    ("urgent_alert", "urgent_alert"),
                    ("alert", "alert"),
                    ("unanswered_alert", "unanswered_alert"),
                ],
                max_length=24,
            ),
        ),
    ]
