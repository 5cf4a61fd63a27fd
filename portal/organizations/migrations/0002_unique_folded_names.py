"""Names of organizations are unique in their folded form, and "looked after by" is called account owner.

Of several organizations with the same folded name, the first keeps its name. Each later one gets the first free number
after its name, such as "Cedar (2)", so that the constraint can be added. Operators can then rename it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.organizations.models
from portal.organizations.names import LONGEST, LONGEST_FOLDED, folded

#: Characters left for " (2)".
ROOM = 8


def fold_names(apps, schema_editor):
    organizations = apps.get_model("organizations", "Organization").objects
    taken = set()
    for row in organizations.order_by("pk"):
        name, number = row.name, 1
        stem = row.name[: LONGEST - ROOM]
        while len(folded(stem)) > LONGEST_FOLDED - ROOM:
            stem = stem[:-1]
        while folded(name) in taken or len(folded(name)) > LONGEST_FOLDED:
            number += 1
            name = f"{stem} ({number})"
        taken.add(folded(name))
        organizations.filter(pk=row.pk).update(name=name, folded_name=folded(name))


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("organizations", "0001_initial"),
    ]

    operations = [
        migrations.RenameField("organization", "looked_after_by", "account_owner"),
        migrations.AlterField(
            model_name="organization",
            name="account_owner",
            field=models.ForeignKey(
                blank=True,
                help_text="The operator responsible for this customer",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="owned_accounts",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="folded_name",
            field=portal.organizations.models.FoldedNameField(default="", editable=False, max_length=240),
            preserve_default=False,
        ),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="organization",
            constraint=models.UniqueConstraint(fields=("folded_name",), name="one_organization_per_name"),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="mailed_at",
            field=models.DateTimeField(
                help_text="When the mail server accepted the current link; empty if it did not", null=True
            ),
        ),
        migrations.AlterField(
            model_name="invitation",
            name="sent_at",
            field=models.DateTimeField(help_text="When the current link was created"),
        ),
    ]
