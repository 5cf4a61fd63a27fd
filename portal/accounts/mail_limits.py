"""Daily limits of emails about accounts: sign-in codes, password resets, and notifications.

Anyone can request a code for any address. So what strangers request is counted apart from what is requested in a browser in
which the account was used before: strangers can't use up the owner's emails.
"""

from django.http import HttpRequest

from portal.accounts import allauth_internals, devices
from portal.accounts.models import User
from portal.core import daily_limits
from portal.core.daily_limits import Limit

#: Sign-in emails to one address in a day, as requested from one IP address and from all of them.
MOST_FROM_ONE_IP, MOST_TO_ONE_ADDRESS = 10, 30
#: Sign-in emails requested from one IP address in a day, to any address. Offices share one.
MOST_OF_ONE_IP = 300
#: Notifications to one account in a day.
MOST_NOTIFICATIONS = 50
REACHED = (
    "We've sent as many sign-in emails to this address today as we send in one day. Use the latest one, sign in another "
    "way, or try again tomorrow."
)


def sign_in(request: HttpRequest, email: str) -> list[Limit]:
    """Return the limits that apply to a sign-in email requested in this browser, whether the account exists or not."""
    if is_known_browser(request, email):
        return [Limit("mail.sign_in.known_browser", MOST_TO_ONE_ADDRESS, (email,))]
    ip = allauth_internals.client_ip(request)
    return [
        Limit("mail.sign_in.from_ip", MOST_FROM_ONE_IP, (ip, email)),
        Limit("mail.sign_in.to_address", MOST_TO_ONE_ADDRESS, (email,)),
        Limit("mail.sign_in.of_ip", MOST_OF_ONE_IP, (ip,)),
    ]


def is_sign_in_refused(request: HttpRequest, email: str) -> bool:
    """Return whether no more sign-in emails are sent to an address today at the request of this browser."""
    return daily_limits.is_reached(*sign_in(request, email))


def notification(email: str) -> Limit:
    """Return the limit of notifications about an account."""
    return Limit("mail.notification", MOST_NOTIFICATIONS, (email,))


def is_known_browser(request: HttpRequest, email: str) -> bool:
    """Return whether the account of an address was used in this browser before."""
    known = devices.known_user_ids(request)
    return bool(known) and User.objects.filter(pk__in=known, email__iexact=email).exists()
