"""Call key check values by their name."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("encryption", "0001_initial")]

    operations = [
        migrations.RenameField(model_name="knownkeys", old_name="marks", new_name="check_values"),
    ]
