"""Names that people and organizations may have, and names of people whose name nobody entered."""

import pytest

from portal.core import names
from portal.core.errors import Refused


@pytest.mark.parametrize(
    "name",
    [
        "J.van Dijk Mortgage",
        "J.de Vries",
        "M.di Marco",
        "J.P.Morgan",
        "Dr.Ma",
        "Mr.Cooper",
        "St.George Bank",
        "St.Paul/Minneapolis Lending",
        "U.S. Bank",
        "U.S.Bank",
        "Wells Fargo, N.A.",
        "Acme Inc./Cedar",
        "A/B Lending",
        "No.1 Mortgage",
        "24/7 Loans",
        "Loans @ Home",
        "Data: Lending",
        "R.J. O\u2019Brien",
        "نیک\u200cسرشت لندینگ",
        "ශ්\u200dරී ලංකා",
        "രാജന്\u200d",
        "李小龍",
    ],
)
def test_names_that_people_and_companies_have_stay_as_they_are(name: str) -> None:
    assert names.clean(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "acme.example/reset",
        "EVIL.COM/reset",
        "https://evil",
        "evil.com",
        "Call ada@evil.example now",
        "www.evil",
        "evil.ru",
        "bit.ly/2",
        "t.co/x",
        "x.com",
        "a.b.com",
        "evil.bank/x",
        "evil.bank?x=1",
        "sub.evil.tld:8080",
        "192.168.0.1/a",
        "evil\u3002com",
        "ｅｖｉｌ．ｃｏｍ",
        "еvil.рф",
        "evil.xn--p1ai",
        "evil\u200b.\u2060com",
        "javascript:alert(1)",
        "mailto:ada",
        "Dr.evil.com",
    ],
)
def test_what_mail_programs_turn_into_a_link_is_no_name(name: str) -> None:
    with pytest.raises(Refused, match="web or email address"):
        names.clean(name)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("maria.lopez@lender.example", "Maria Lopez"),
        ("mary-jo_smith@lender.example", "Mary Jo Smith"),
        ("office@lender.example", "Office"),
        ("@lender.example", ""),
        ("", ""),
    ],
)
def test_a_name_is_derived_from_an_email_address(address: str, name: str) -> None:
    assert names.from_email(address) == name
