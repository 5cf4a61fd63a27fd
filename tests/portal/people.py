"""People for tests: accounts whose address is proven, as those of real members are."""

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from portal.accounts.models import User

PASSWORD = "only-a-test-knows-this"


def person(
    email: str, *, password: str | None = PASSWORD, operator: bool = False, factor: bool = True
) -> User:
    """An account with a proven address, named after what stands before the @; an operator's has a
    second factor unless ``factor`` is False."""
    user = User.objects.create_user(
        email, password, name=email.partition("@")[0].title(), is_operator=operator
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if operator and factor:
        with_app(user)
    return user


def with_app(user: User) -> str:
    """Give somebody an authenticator app, which operators must have. Answers its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret
