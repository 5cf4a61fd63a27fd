"""Uploaded images of users, which an endpoint takes in and nothing shows again."""

from ..engine.schema.resource import Column, Field, Kind, Resource

USER_IMAGES = Resource(
    path="user-images",
    scope="emailInteraction",
    first_id=2101,
    methods=frozenset(),
    fields=(Field("filename"), Field("url"), Field("user_id", Kind.NUMBER, column=Column.PLAIN)),
)
