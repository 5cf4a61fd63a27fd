"""People for tests: accounts whose address is proven, as those of real members are."""

from allauth.account.models import EmailAddress

from portal.organizations.models import User

PASSWORD = "only-a-test-knows-this"


def person(email: str, *, password: str | None = PASSWORD, operator: bool = False) -> User:
    """An account with a proven address, named after what stands before the @."""
    user = User.objects.create_user(
        email, password, name=email.partition("@")[0].title(), is_operator=operator
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
