"""The partner's own application can be refused: then it is said once, and no connection is tried with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("connections", "0005_ledger_by_budget")]

    operations = [
        migrations.AddField(
            model_name="applicationcredential",
            name="refused_at",
            field=models.DateTimeField(
                help_text="When Total Expert did not know them; nothing is sent with them until they are replaced",
                null=True,
            ),
        ),
    ]
