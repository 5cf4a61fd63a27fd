"""What errors of refused creates say about groups, in whatever words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.bulk.refused_creates import group_names_in, suggest_groups
from integrations.connections.models import Connection
from integrations.directory.models import ContactGroup, RequiredGroup
from integrations.total_expert import Rejected


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Missing required contact groups: 'Newsletter'", ["Newsletter"]),
        ("Missing required contact groups: 'Newsletter, All Clients'", ["Newsletter, All Clients"]),
        ('The contact must be in the group "Newsletter".', ["Newsletter"]),
        ("Contact requires the groups “Past clients” and “VIP”", ["Past clients", "VIP"]),
        ("Required group 'Maria's list' is missing", ["Maria's list"]),
        ("'contact_groups' is missing the mandatory group `Newsletter`", ["Newsletter"]),
        ("Unable to find target for relationship: 'owner'", []),
        ("The group 'Newsletter' was not found", []),
        ("Missing required property: 'last_name'", []),
        ("Missing required contact groups", []),
        ("", []),
    ],
)
def test_quoted_names_of_missing_groups_are_read(message: str, names: list[str]) -> None:
    assert group_names_in(message) == names


@given(st.text(max_size=200))
def test_no_message_is_too_odd(message: str) -> None:
    assert len(group_names_in(f"missing group {message}")) <= 12


@pytest.mark.django_db
def test_names_with_commas_are_one_group_if_there_is_such_a_group(admin: Connection) -> None:
    group = ContactGroup.objects.all()[0]
    ContactGroup.objects.filter(pk=group.pk).update(name="Duluth, MN", search="duluth, mn")
    for text in ("Duluth, MN", "Newsletter, VIP"):
        suggest_groups(admin.installation, [Rejected([f"Missing required contact groups: '{text}'"])])
    found = set(RequiredGroup.objects.values_list("name", "state"))
    assert found == {(name, "suggested") for name in ("Duluth, MN", "Newsletter", "VIP")}
