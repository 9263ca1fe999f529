"""Kinds of alerts and a letter for requests for an amendment, and for recalls."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0009_of_results"),
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
                    ("picked_up", "Medicine picked up"),
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
