"""How people sign up and sign in: what allauth asks the portal."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up by invitation only."""
