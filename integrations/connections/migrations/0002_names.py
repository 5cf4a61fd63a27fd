"""Rename models and fields after the terms they are known by, and reword labels and help texts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("stop", "one_stop"),
        migrations.RenameModel("Stop", "KillSwitch"),
        migrations.AddConstraint(
            "killswitch", models.CheckConstraint(condition=models.Q(id=1), name="one_kill_switch")
        ),
        migrations.RemoveConstraint("landmark", "one_landmark_each"),
        migrations.RenameModel("Landmark", "RecordFingerprint"),
        migrations.AddConstraint(
            "recordfingerprint",
            models.UniqueConstraint(fields=["environment", "digest"], name="one_fingerprint_each"),
        ),
        migrations.RenameField("budget", "line", "pacer"),
        migrations.RenameField("budget", "unexplained", "unexplained_refusals"),
        migrations.RenameField("tokendemand", "asked_at", "requested_at"),
        migrations.RenameField("tokendemand", "forwarded_at", "prioritized_at"),
        migrations.RenameField("tokendemand", "forwarded_by", "prioritized_by"),
    ]
