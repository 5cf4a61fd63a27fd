"""The ledger counts by budgets only; demands say more about themselves; calls are logged, and all can be stopped."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connections', '0004_budgets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Call',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('method', models.CharField(max_length=6)),
                ('path', models.CharField(max_length=200)),
                ('status', models.PositiveSmallIntegerField(help_text='None: no answer came', null=True)),
                ('milliseconds', models.PositiveIntegerField()),
                ('waited', models.PositiveIntegerField(default=0, help_text='Milliseconds until a permit was free')),
                ('job', models.BigIntegerField(help_text='Number of the job that it was made for', null=True)),
                ('request_id', models.CharField(blank=True, max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='Stop',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('since', models.DateTimeField()),
                ('reason', models.CharField(max_length=255)),
            ],
        ),
        migrations.RemoveIndex(
            model_name='tokenrequest',
            name='connections_environ_1c2b5a_idx',
        ),
        migrations.RemoveField(
            model_name='tokenrequest',
            name='egress',
        ),
        migrations.RemoveField(
            model_name='tokenrequest',
            name='environment',
        ),
        migrations.AddField(
            model_name='tokendemand',
            name='expected_at',
            field=models.DateTimeField(default=django.utils.timezone.now, help_text='When it was told to come back; a while later it counts as gone'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='tokendemand',
            name='forwarded_at',
            field=models.DateTimeField(help_text='When an operator moved it forward', null=True),
        ),
        migrations.AddField(
            model_name='tokendemand',
            name='forwarded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='tokendemand',
            name='due_at',
            field=models.DateTimeField(help_text='When the work should be done'),
        ),
        migrations.AlterField(
            model_name='tokendemand',
            name='purpose',
            field=models.CharField(choices=[('consent', 'Somebody consents'), ('person', 'Somebody waits'), ('intake', 'Fresh leads or answers wait'), ('privacy', 'A privacy deadline comes'), ('work', 'Work is due'), ('keep_alive', 'A grant is kept alive')], max_length=16),
        ),
        migrations.AlterField(
            model_name='tokendemand',
            name='stale_since',
            field=models.DateTimeField(help_text='How old what it renews is'),
        ),
        migrations.AlterField(
            model_name='tokenrequest',
            name='budget',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='token_requests', to='connections.budget'),
        ),
        migrations.AlterField(
            model_name='tokenrequest',
            name='purpose',
            field=models.CharField(choices=[('consent', 'Somebody consents'), ('person', 'Somebody waits'), ('intake', 'Fresh leads or answers wait'), ('privacy', 'A privacy deadline comes'), ('work', 'Work is due'), ('keep_alive', 'A grant is kept alive')], max_length=16),
        ),
        migrations.AddIndex(
            model_name='tokenrequest',
            index=models.Index(fields=['budget', 'at'], name='connections_budget__540962_idx'),
        ),
        migrations.AddField(
            model_name='call',
            name='budget',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='connections.budget'),
        ),
        migrations.AddField(
            model_name='call',
            name='connection',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='connections.connection'),
        ),
        migrations.AddField(
            model_name='stop',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.DeleteModel(
            name='CallCount',
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['connection', '-at'], name='connections_connect_468a73_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['budget', 'at'], name='connections_budget__4db069_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['at'], name='connections_at_f7e4b7_idx'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(condition=models.Q(('job__isnull', False)), fields=['job'], name='call_by_job'),
        ),
        migrations.AddConstraint(
            model_name='stop',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='one_stop'),
        ),
    ]
