"""One job verifies, or tells, one connection: what was under way for whole installations goes on so."""

from django.db import migrations
from django.utils import timezone

ACTIVE = ["waiting", "running", "paused"]
LINE = "It was cancelled by an update of the portal: each connection has a job of its own now, which goes on with it."


def split_old_jobs(apps, schema_editor):
    Connection = apps.get_model("connections", "Connection")
    waiting = {
        "onboarding.verify": Connection.objects.filter(verification__outcome="running"),
        "onboarding.slot_mail": Connection.objects.filter(slot_mail__isnull=False, slot_mail__sent_at=None),
    }
    Job, JobLine = apps.get_model("jobs", "Job"), apps.get_model("jobs", "JobLine")
    for kind, connections in waiting.items():
        for job in Job.objects.filter(kind=kind, connection=None, state__in=ACTIVE):
            at = timezone.now()
            Job.objects.filter(pk=job.pk).update(
                state="cancelled", finished_at=at, asked_again=None, waits_until=None, waits_for=""
            )
            JobLine.objects.create(job=job, at=at, level="warning", text=LINE)
            for connection in connections.filter(installation=job.installation_id):
                Job.objects.create(
                    kind=kind,
                    installation_id=job.installation_id,
                    organization_id=job.organization_id,
                    connection=connection,
                    arguments=job.arguments,
                    asked_by_id=job.asked_by_id,
                    state="paused" if job.state == "paused" else "waiting",
                    created_at=at,
                )


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0003_one_job_a_connection'),
        ('onboarding', '0002_bulk'),
    ]

    operations = [
        migrations.RunPython(split_old_jobs, migrations.RunPython.noop),
    ]
