"""Users."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from portal.core import email_addresses, names
from portal.core.search_text import SearchTextField


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user. Without a password, they sign in with codes sent by email.

        Raise ValidationError if ``email`` can't be mailed.
        """
        user = self.model(email=email_addresses.normalize(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an operator."""
        return self.create_user(email, password, is_operator=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=email_addresses.typed(username or ""))


class User(AbstractBaseUser):
    """A person who signs in with their email address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    search = SearchTextField(sources=("name", "email"))
    is_operator = models.BooleanField(
        default=False, help_text="Works for the partner and serves every organization."
    )
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_an_address")]

    def __str__(self) -> str:
        return f"user {self.pk}"

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin is open to them: it is the operators' own."""
        return self.is_operator

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Return whether they have a permission of Django's. Only its admin asks: operators have all, others none."""
        return self.is_active and self.is_operator

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether they have any permission of Django's in an app."""
        return self.is_active and self.is_operator

    @property
    def display_name(self) -> str:
        """The user's name, or one derived from the email address: officers join without entering a name."""
        return self.name or names.from_email(self.email)
