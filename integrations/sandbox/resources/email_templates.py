"""Saved e-mail templates, which are rendered by an endpoint and have no address of their own."""

from ..engine.schema.resource import Field, Resource

EMAIL_TEMPLATES = Resource(
    path="email-templates",
    scope="emailInteraction",
    first_id=2001,
    methods=frozenset(),
    fields=(Field("html"), Field("subject"), Field("template_name")),
)
