"""`manage.py reset_second_factor EMAIL`: the way back in for somebody who lost every second factor."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.accounts.models import User
from portal.accounts.second_factors import rules


class Command(BaseCommand):
    help = (
        "Takes away every second factor of a person and ends their sessions. Make sure that it is them who asks: "
        "whoever has their password or mailbox gets in afterwards. It is written into the audit log."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address they sign in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError("Nobody signs in with this address. Check its spelling.")
        count = rules.reset(user)
        if not count:
            self.stdout.write("This person had no second factor. Their sessions are over.")
            return
        self.stdout.write("Done. Their sessions are over; they sign in without a second factor once more.")
        if user.is_operator:
            self.stdout.write("As an operator they set up a new one before anything else.")
