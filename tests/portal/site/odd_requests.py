"""Requests that no form of the portal sends: odd parameters, headers, cookies, bodies and files."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.odd_values import ODD_VALUES, values
from tests.portal.branding.pictures import picture

BOUNDARY = b"----odd"
MULTIPART = "multipart/form-data; boundary=----odd"
FORM = "application/x-www-form-urlencoded"

#: Query parameters that some page reads.
PARAMETERS = [
    "q",
    "page",
    "size",
    "sort",
    "after",
    "before",
    "from",
    "environment",
    "budget",
    "job",
    "show",
    "state",
    "stage",
    "section",
    "organization",
    "next",
    "connection",
    "kind",
    "status",
    "actor",
    "action",
    "since",
    "until",
    "find",
    "owner",
    "group",
    "archived",
    "code",
    "error",
    "scope",
    "iss",
    "e",
    "p",
    "all",
    "o",
    "email",
    "phone",
    "name",
    "id__exact",
    "_changelist_filters",
    "_popup",
    "_to_field",
    "date_from",
    "date_to",
    "users",
    "per_hour",
]
#: Fields that some form posts. Forms of addresses without a page of their own are on others' pages.
FIELDS = [
    "verb",
    "egress",
    "environment",
    "connection",
    "contact",
    "full",
    "overcommit",
    "confirmed",
    "action",
    "_selected_action",
    "select_across",
    "role",
    "email",
    "name",
    "next",
    "password",
    "code",
    "credential",
    "csrfmiddlewaretoken",
    "page",
    "q",
    "budget",
    "expand",
]
HEADERS = [
    "HX-Request",
    "HX-Target",
    "HX-Trigger",
    "HX-Trigger-Name",
    "HX-History-Restore-Request",
    "HX-Current-URL",
    "HX-Boosted",
    "HX-Prompt",
    "Accept-Language",
    "Accept",
    "Referer",
    "Origin",
    "User-Agent",
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Requested-With",
    "Range",
    "If-None-Match",
    "If-Modified-Since",
    "Authorization",
    "Sec-Fetch-Site",
    "Accept-Encoding",
    "X-CSRFToken",
]
COOKIES = [
    "portal_session",
    "portal_csrf",
    "portal_zone",
    "theme",
    "portal_theme",
    "portal_device",
    "organization",
    "messages",
    "portal_passkey",
    "portal_single_sign_on",
]
CONTENT_TYPES = (
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=" + "x" * 300,
    "multipart/form-data; boundary=----odd; charset=utf-16",
    "multipart/form-data; boundary=----odd; charset=base64",
    "application/json",
    "application/xml",
    "text/plain; charset=nonsense",
    f"{FORM}; charset=utf-16",
    f"{FORM}; charset=base64",
    f"{FORM}; charset=idna",
    f"{FORM}; charset=undefined",
    f"{FORM}; charset=unicode_escape",
    "",
    ";;;",
    "\xff/\xff",
)
CSV_HEAD = b"name,client_id,client_secret\n"
FILES: tuple[bytes, ...] = (
    b"",
    b"\0" * 100,
    bytes(range(256)) * 8,
    "name,client_id,client_secret\nÖ,a,b\n".encode("utf-16"),
    b"\xef\xbb\xbf" + CSV_HEAD + b"Quarry,id,secret\n",
    CSV_HEAD + b"a\0b,c,d\n",
    CSV_HEAD + b'"unbalanced,c,d\n' * 3,
    CSV_HEAD + b"x" * 200_000 + b",c,d\n",
    CSV_HEAD + b"\n".join(value + b",id,secret" for value in ODD_VALUES),
    CSV_HEAD + b"Quarry," + b",".join(ODD_VALUES[:20]),
    b",".join(b"column%d" % number for number in range(200)) + b"\n" + b"1," * 200,
    b"name,name,name\na,b,c\n",
    b"\r" * 1000,
    b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0" + b"[Content_Types].xml" * 10,
    b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0\0\0\0\0",
    b"GIF89a\xff\xff\xff\xff\0\0\0",
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    picture()[:60],
    picture()[:-30],
)
FILE_NAMES = (b"a.csv", b"", b"../../x", b"a\0b", b"\xff.png", b"x" * 5000, b"CON", b'a".csv')


@dataclass(frozen=True)
class OddRequest:
    """What is odd about a request. ``fields`` and ``parameters`` count through the names that the address reads."""

    method: str
    segment: tuple[int, bytes] | None
    parameters: tuple[tuple[int, bytes], ...]
    fields: tuple[tuple[int, bytes], ...]
    headers: dict[str, bytes]
    cookies: dict[str, bytes]
    content_type: str | None
    file: tuple[bytes, bytes]
    is_htmx: bool

    def path(self, path: str, names: "Names") -> str:
        """Return the path and the query of the request."""
        if self.segment is not None:
            place, value = self.segment
            parts = path.strip("/").split("/")
            parts[-1 - place % len(parts)] = quote(value[:3000], safe="") or "%20"
            path = "/" + "/".join(parts) + "/" * path.endswith("/")
        pairs = [
            (names.parameters[place % len(names.parameters)], value[:6000])
            for place, value in self.parameters
        ]
        return path + "?" * bool(pairs) + "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)

    def body(self, names: "Names") -> tuple[bytes, str]:
        """Return the body and its content type: the fields as a form has them, some of them odd."""
        pairs = dict(names.fields)
        keys = [*pairs, *FIELDS] if not pairs else list(pairs)
        repeated = []
        for place, value in self.fields:
            name = keys[place % len(keys)]
            if place >= 2 * len(keys) and name in pairs:
                repeated.append((name, value))
            pairs[name] = value
        sent = [*pairs.items(), *repeated]
        kind = self.content_type
        if names.files or (kind is not None and kind.startswith("multipart")):
            return _multipart(sent, names.files, self.file), MULTIPART if kind is None else kind
        if kind is not None and "json" in kind:
            return b'{"a": [1, {"b": null}]}' + self.file[1][:50], kind
        encoded = "&".join(f"{quote(name)}={quote(value)}" for name, value in sent).encode()
        return encoded, FORM if kind is None else kind

    def extra(self, session: str) -> dict[str, str]:
        """Return the headers, as WSGI spells them. ``session`` is the cookie of the person, if signed in."""
        found = {
            f"HTTP_{name.upper().replace('-', '_')}": _header(value) for name, value in self.headers.items()
        }
        if self.is_htmx:
            found["HTTP_HX_REQUEST"] = "true"
        cookies = {"portal_session": session} if session else {}
        cookies |= {name: _header(value).replace(";", "") for name, value in self.cookies.items()}
        return found | {"HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items())}


def _header(value: bytes) -> str:
    """Return a header's value as a server hands it on."""
    return value[:4000].decode("latin-1").translate({0: None, 10: None, 13: None})


def _multipart(pairs: list[tuple[str, bytes]], files: tuple[str, ...], file: tuple[bytes, bytes]) -> bytes:
    parts = [b'name="%s"\r\n\r\n%s' % (name.encode(), value) for name, value in pairs]
    named, content = file
    parts += [
        b'name="%s"; filename="%s"\r\nContent-Type: text/csv\r\n\r\n%s' % (name.encode(), named, content)
        for name in files
    ]
    head = b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data; "
    return b"".join(head + part + b"\r\n" for part in parts) + b"--" + BOUNDARY + b"--\r\n"


def odd_requests() -> st.SearchStrategy[OddRequest]:
    """Return a strategy for requests. Most have one or two oddities, so that what is checked later is reached too."""
    some = st.lists(st.tuples(st.integers(0, 60), values()), max_size=3).map(tuple)
    return st.builds(
        OddRequest,
        method=st.sampled_from(["GET", "POST", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]),
        segment=_seldom(st.tuples(st.integers(0, 5), values())),
        parameters=some,
        fields=some,
        headers=st.dictionaries(st.sampled_from(HEADERS), values(), max_size=2),
        cookies=_seldom(st.dictionaries(st.sampled_from(COOKIES), values(), max_size=2)).map(
            lambda found: found or {}
        ),
        content_type=_seldom(st.sampled_from(CONTENT_TYPES)),
        file=st.tuples(st.sampled_from(FILE_NAMES), st.sampled_from(FILES)),
        is_htmx=st.booleans(),
    )


def _seldom(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.none(), st.none(), strategy)


@dataclass
class Names:
    """What a page's forms send, and the query parameters it reads, as its HTML tells."""

    fields: dict[str, bytes] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    parameters: tuple[str, ...] = tuple(PARAMETERS)


GUESSES = {
    "email": b"x@cedar.example",
    "number": b"5",
    "url": b"https://public.totalexpert.net/v1",
    "date": b"2026-01-01",
}


class _Forms(HTMLParser):
    """Collects the fields of a page's forms, with values that a person could send."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: dict[str, bytes] = {}
        self.queried: dict[str, bytes] = {}
        self.files: list[str] = []
        self._posts = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._posts = found.get("method", "").lower() == "post"
        name, into = found.get("name", ""), self.posted if self._posts else self.queried
        if tag == "option" and self._select and found.get("value"):
            into.setdefault(self._select, found["value"].encode())
        if tag not in ("input", "select", "textarea", "button") or not name:
            return
        self._select = name if tag == "select" else ""
        if found.get("type") == "file":
            self.files.append(name)
        elif tag != "select":
            guess = GUESSES.get(found.get("type", ""), b"Quarry Loans")
            into.setdefault(name, found["value"].encode() if found.get("value") else guess)


def read_names(html: str) -> Names:
    """Return what the forms of a page send."""
    forms = _Forms()
    forms.feed(html)
    return Names(
        fields=forms.posted,
        files=tuple(dict.fromkeys(forms.files)),
        parameters=tuple(dict.fromkeys([*forms.queried, *PARAMETERS])),
    )
