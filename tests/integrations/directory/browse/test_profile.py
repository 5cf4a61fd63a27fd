"""A contact's record made readable."""

from integrations.directory.browse import profile
from integrations.directory.models import Contact


def test_flags_that_no_one_can_read_are_unknown() -> None:
    values = {flag.label: flag.value for flag in profile.flags(Contact(ok_to_call=True, ok_to_email=False))}
    assert values["OK to call"] is True
    assert values["OK to e-mail"] is False
    assert values["OK to mail"] is None
    assert values["Do not contact"] is None
    assert values["Consent to AI calls"] is None


def test_every_property_with_a_value_is_shown_and_unforeseen_ones_come_last() -> None:
    sections = profile.sections(
        {
            "first_name": "Ann",
            "nickname": "",
            "city": None,
            "external_ids": [{"source": "LOS", "external_id": "9"}, {"source": "Web", "external_id": "4"}],
            "custom": [{"field_name": "household_size", "value": 4}, {"field_name": "note", "value": None}],
            "favorite_color": "green",
            "nested": {"deep": {"er": [1, 2]}},
            "is_new": False,
        }
    )
    shown = {section.title: dict(section.rows) for section in sections}
    assert shown == {
        "Name": {"First name": ["Ann"]},
        "Origin": {"External ids": ["Source: LOS; External id: 9", "Source: Web; External id: 4"]},
        "Custom fields": {"Household size": ["4"]},
        "More": {"Favorite color": ["green"], "Nested": ["Deep: Er: 1, 2"], "Is new": ["No"]},
    }
    assert sections[-1].title == "More"


def test_what_the_header_and_other_tabs_show_is_not_shown_twice() -> None:
    assert (
        profile.sections(
            {"ok_to_call": True, "contact_groups": [{"id": 1}], "preferences": {"is_silenced": True}}
        )
        == []
    )
