from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0005_unusual_access"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_address", "No e-mail address is known"),
                    ("no_account", "There is no portal account to read it in"),
                    ("bad_address", "The e-mail address cannot be used"),
                    ("outdated", "The visit was changed again meanwhile"),
                    ("visit_past", "The visit had begun"),
                    ("patient_died", "The patient has died"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="reminder",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("booked_late", "Booked less than a day before"),
                    ("visit_moved", "The visit was moved"),
                    ("visit_not_open", "The visit was cancelled, or has begun"),
                    ("visit_past", "The visit had begun"),
                    ("no_address", "No e-mail address is known"),
                    ("bad_address", "The e-mail address cannot be used"),
                    ("patient_died", "The patient has died"),
                ],
                max_length=16,
            ),
        ),
    ]
