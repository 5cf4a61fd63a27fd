"""The demo's mail, read while the portal writes it."""

from pathlib import Path

from portal.demo import mail

WHOLE = b"To: ada@cedar.example\nSubject: Join\n\nhttp://localhost:8000/invitations/whole-token/\n"
HALF = b"To: ada@cedar.example\nSubject: Join\n\nhttp://localhost:8000/invitations/half-a-to"


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
