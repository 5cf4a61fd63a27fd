"""The state "cancelled" becomes "canceled", as American English spells it."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def respell(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Rename the state of existing jobs."""
    apps.get_model("jobs", "Job").objects.filter(state="cancelled").update(state="canceled")


def respell_back(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Undo `respell`."""
    apps.get_model("jobs", "Job").objects.filter(state="canceled").update(state="cancelled")


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("canceled", "Canceled"),
                ],
                default="waiting",
                max_length=16,
            ),
        ),
        migrations.RunPython(respell, respell_back),
    ]
