"""The demo's mail, read while the portal writes it."""

from pathlib import Path

from portal.demo import mail

WHOLE = b"To: ada@cedar.example\nSubject: Join\n\nhttp://localhost:8000/invitations/whole-token/\n"
HALF = b"To: ada@cedar.example\nSubject: Join\n\nhttp://localhost:8000/invitations/half-a-to"


def test_mails_are_in_the_order_of_their_dates(tmp_path: Path) -> None:
    def write(name: str, *dates: str) -> None:
        mails = [f"Subject: {date}\nDate: {date}\n\n".encode() + mail.SEPARATOR + b"\n" for date in dates]
        (tmp_path / name).write_bytes(b"".join(mails))

    first, second, third = (f"Thu, {day} Dec 2026 17:16:19 GMT" for day in (10, 17, 24))
    write("1.log", first, third)
    write("2.log", second)
    assert [each.subject for each in mail.read(tmp_path)] == [first, second, third]


def test_a_mail_that_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    log = tmp_path / "1.log"
    log.write_bytes(WHOLE + mail.SEPARATOR + b"\n" + HALF)
    assert [each.links for each in mail.read(tmp_path)] == [
        ["http://localhost:8000/invitations/whole-token/"]
    ]
    log.write_bytes(WHOLE + mail.SEPARATOR + b"\n" + HALF + b"ken/\n" + mail.SEPARATOR + b"\n")
    assert (
        mail.latest_link(tmp_path, "ada@cedar.example", "/invitations/")
        == "http://localhost:8000/invitations/half-a-token/"
    )
