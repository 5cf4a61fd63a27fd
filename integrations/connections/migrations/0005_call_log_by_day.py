"""The call log: indexes for its pages, and on PostgreSQL one partition a day, so that old days are dropped at once."""

from django.db import migrations, models

#: Rows of days that have no partition of their own go to the partition `other`. So do those that exist now.
#: An identity column can't be in a partitioned table before PostgreSQL 17, so the numbers come from a sequence.
PARTITION = """
ALTER TABLE connections_call RENAME TO connections_call_before;
CREATE TABLE connections_call (LIKE connections_call_before INCLUDING DEFAULTS) PARTITION BY RANGE (at);
CREATE TABLE connections_call_other PARTITION OF connections_call DEFAULT;
CREATE SEQUENCE connections_call_number OWNED BY connections_call.id;
ALTER TABLE connections_call ALTER COLUMN id SET DEFAULT nextval('connections_call_number');
INSERT INTO connections_call SELECT * FROM connections_call_before;
SELECT setval('connections_call_number', COALESCE((SELECT MAX(id) FROM connections_call), 0) + 1, false);
DROP TABLE connections_call_before;
ALTER TABLE connections_call ADD PRIMARY KEY (id, at);
ALTER TABLE connections_call ADD CONSTRAINT connections_call_connection FOREIGN KEY (connection_id)
    REFERENCES connections_connection (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE connections_call ADD CONSTRAINT connections_call_budget FOREIGN KEY (budget_id)
    REFERENCES connections_budget (id) DEFERRABLE INITIALLY DEFERRED;
"""


def partition(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute(PARTITION)
    call = apps.get_model("connections", "Call")
    for index in call._meta.indexes:
        schema_editor.add_index(call, index)


class Migration(migrations.Migration):
    dependencies = [("connections", "0004_lifetimes_and_scopes")]

    operations = [
        migrations.RemoveIndex(model_name="call", name="connections_connect_468a73_idx"),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["connection", "-id"], name="call_by_connection"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                fields=["connection", "-id"],
                condition=models.Q(("status", None), ("status__gte", 400), _connector="OR"),
                name="call_failed",
            ),
        ),
        migrations.RunPython(partition, migrations.RunPython.noop),
    ]
