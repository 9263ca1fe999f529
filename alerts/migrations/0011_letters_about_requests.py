"""Letters about times that patients ask for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0010_of_amendments_and_recalls"),
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
                    ("appointment_requested", "appointment_requested"),
                    ("request_declined", "request_declined"),
                    ("request_expired", "request_expired"),
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
