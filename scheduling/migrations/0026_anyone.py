from django.db import migrations, models

CHOICES = [
    ("first", "Whoever is free, the first by name"),
    ("in_turn", "Whoever is free and has the fewest visits that day"),
]


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0025_closures")]
    operations = [
        migrations.AddField(
            model_name="visittype",
            name="anyone",
            field=models.CharField(
                choices=CHOICES,
                default="in_turn",
                max_length=7,
                verbose_name="who it is booked with where anybody will do",
            ),
        ),
    ]
