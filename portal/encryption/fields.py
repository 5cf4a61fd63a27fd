"""A model field whose text is encrypted in the database."""

import base64
from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from portal.encryption.cipher import Ciphertext, decrypt, encrypt


class _EncryptedAttribute(DeferredAttribute):
    """Keep the ciphertext on the instance. Decrypt on every read, encrypt on every assignment."""

    field: "EncryptedField"

    def __get__(self, instance: models.Model | None, cls: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls)
        if isinstance(value, Ciphertext):
            return decrypt(value, **self.field.binding(instance))
        return value

    def __set__(self, instance: models.Model, value: str | Ciphertext | None) -> None:
        if isinstance(value, str):
            value = encrypt(value, **self.field.binding(instance))
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.BinaryField):  # type: ignore[type-arg]
    """Encrypted text. The model needs a UUID primary key, declared before this field.

    ``label`` is authenticated with every value, so it must never change. ``owner`` names the foreign key to the row that
    this row belongs to. It is authenticated too: set it before the text, and never change it. It says nothing about the
    column, so migrations don't mention it. Reading raises DecryptionError.
    """

    descriptor_class = _EncryptedAttribute

    def __init__(self, *args: Any, label: str, owner: str = "", **kwargs: Any) -> None:
        self.label, self.owner = label, owner
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "label": self.label}

    def clone(self) -> "EncryptedField":
        copy = super().clone()
        copy.owner = self.owner
        return copy

    def binding(self, instance: models.Model) -> dict[str, Any]:
        """Return what a value of ``instance`` is bound to: keyword arguments of `encrypt` and `decrypt`."""
        owner = getattr(instance, f"{self.owner}_id") if self.owner else ""
        if owner is None:
            raise ValueError(f"Set {self.owner} before {self.name}: the value is bound to it.")
        return {"label": self.label, "row": instance.pk, "owner": str(owner)}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return model_instance.__dict__.get(self.attname)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not isinstance(value, Ciphertext):
            raise TypeError(
                f"{self.name} accepts encrypted values only. Assign the text to an instance, or encrypt it with "
                "portal.encryption.cipher.encrypt()."
            )
        return super().get_db_prep_value(None if value is None else bytes(value), connection, prepared)

    def value_to_string(self, obj: models.Model) -> str:
        ciphertext = obj.__dict__.get(self.attname)
        return "" if ciphertext is None else base64.b64encode(bytes(ciphertext)).decode()
