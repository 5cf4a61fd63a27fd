"""One pass is one job of one connection: what was under way for whole installations ends here."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

ACTIVE = ["waiting", "running", "paused"]
LINE = (
    "It was cancelled by an update of the portal: each connection has a sync of its own now. "
    "The next one starts by itself; what was mirrored stays."
)


def end_old_syncs(apps, schema_editor):
    Job, JobLine = apps.get_model("jobs", "Job"), apps.get_model("jobs", "JobLine")
    for job in Job.objects.filter(kind="directory.sync", connection=None, state__in=ACTIVE):
        at = timezone.now()
        Job.objects.filter(pk=job.pk).update(
            state="cancelled", finished_at=at, asked_again=None, waits_until=None, waits_for=""
        )
        JobLine.objects.create(job=job, at=at, level="warning", text=LINE)


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0006_application_refused'),
        ('jobs', '0002_asked_again_and_schedules'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='connection',
            field=models.ForeignKey(blank=True, help_text='Whose work it is; empty for work on a whole installation', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='jobs', to='connections.connection'),
        ),
        migrations.RemoveConstraint(
            model_name='job',
            name='one_active_job_a_kind',
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(condition=models.Q(('connection__isnull', True), ('state__in', ['waiting', 'running', 'paused'])), fields=('installation', 'kind'), name='one_active_job_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='job',
            constraint=models.UniqueConstraint(condition=models.Q(('connection__isnull', False), ('state__in', ['waiting', 'running', 'paused'])), fields=('connection', 'kind'), name='one_active_job_a_connection'),
        ),
        # last: PostgreSQL alters no table that has constraints to check at the end of the transaction
        migrations.RunPython(end_old_syncs, migrations.RunPython.noop),
    ]
