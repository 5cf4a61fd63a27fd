"""Budgets become rows, one for each host and egress, and the ledger's lines are given theirs."""

import uuid
from urllib.parse import urlsplit

import django.db.models.deletion
from django.db import migrations, models

import portal.secrets


def _host_of(url):
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def fill(apps, schema_editor):
    """Every environment's host, and a budget for what stands in the ledger already."""
    Environment = apps.get_model("connections", "Environment")
    Egress = apps.get_model("connections", "Egress")
    Budget = apps.get_model("connections", "Budget")
    TokenRequest = apps.get_model("connections", "TokenRequest")
    direct = None
    for environment in Environment.objects.all():
        environment.host = _host_of(environment.base_url)
        environment.save(update_fields=["host"])
        requests = TokenRequest.objects.filter(environment=environment)
        first = requests.order_by("at").first()
        if first is None:
            continue
        if direct is None:
            direct = Egress.objects.create(
                name="direct", label="This machine's own address", created_at=first.at
            )
        budget, _ = Budget.objects.get_or_create(host=environment.host, egress=direct)
        requests.update(budget=budget)
    # whoever waits asks again within a minute, and then says all that is asked for from now on
    apps.get_model("connections", "TokenDemand").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0003_paused_by"),
    ]

    operations = [
        migrations.CreateModel(
            name="Egress",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("name", models.SlugField(max_length=32, unique=True)),
                ("label", models.CharField(max_length=60)),
                (
                    "proxy_url",
                    portal.secrets.EncryptedField(
                        editable=False, label="connections.egress.proxy_url", null=True
                    ),
                ),
                ("created_at", models.DateTimeField()),
            ],
            options={"ordering": ["created_at"]},
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("host", models.CharField(max_length=255, help_text="Host and port of the API address")),
                (
                    "egress",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="budgets",
                        to="connections.egress",
                    ),
                ),
                (
                    "others_calls",
                    models.PositiveIntegerField(
                        default=0, help_text="Calls a minute that other programs make from this address"
                    ),
                ),
                (
                    "others_tokens",
                    models.PositiveIntegerField(
                        default=0, help_text="Token requests an hour that other programs make from this address"
                    ),
                ),
                ("line", models.JSONField(default=dict)),
                (
                    "unexplained",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Refusals for too many calls (429) while this ledger was within the limit",
                    ),
                ),
                ("unexplained_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("host", "egress"), name="one_budget_each")]
            },
        ),
        migrations.AddField(
            model_name="environment",
            name="host",
            field=models.CharField(
                db_index=True,
                default="",
                editable=False,
                help_text="Host and port of base_url; limits hold per host",
                max_length=255,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="connection",
            name="egress",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: this machine's own address",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="connections",
                to="connections.egress",
            ),
        ),
        migrations.AddField(
            model_name="tokenrequest",
            name="budget",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="token_requests",
                to="connections.budget",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
