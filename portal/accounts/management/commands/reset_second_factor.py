"""`manage.py reset_second_factor EMAIL`: let a person who lost all second factors sign in again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.accounts.second_factors import rules
from portal.core import email_addresses


class Command(BaseCommand):
    help = (
        "Remove all second factors of a user and end their sessions. Verify who is asking: afterwards, their password or "
        "access to their mailbox is enough to sign in. The audit log records it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the email address they sign in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email_addresses.typed(email)).first()
        if user is None:
            raise CommandError("No user has this email address. Check the spelling.")
        count = rules.reset(user)
        if not count:
            self.stdout.write("This user had no second factor. Their sessions have ended.")
            return
        self.stdout.write(
            "Done. Their sessions have ended, and they can sign in without a second factor for now."
        )
        if user.is_operator:
            self.stdout.write("As an operator, they have to set up a new one right after signing in.")
