"""Fake data: names, addresses, employers and phone numbers."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


FIRST_NAMES = _words(
    "Aaliyah Aaron Abigail Adela Adrián Aisha Alan Alejandra Amara Amélie Ana Andre Anh Anika Anton Ariel "
    "Asha Astrid Barbara Beatriz Ben Björn Bianca Brandon Brooke Bruno Caleb Camila Carlos Carmen Cedric "
    "Celeste Chidi Chloë Cyrus Daniel Daria Deborah Demetrius Denise Diego Dmitri Dolores Dorothy Eamon "
    "Edith Eduardo Elena Elías Emeka Emily Esther Ethan Eun-ji Ezra Fatima Felix Fiona Francesca Frank "
    "Freya Gabriel Gail Georgia Giulia Grace Gregory Gwen Hanna Haruto Hector Heidi Helena Hugo Ibrahim "
    "Ida Ingrid Irene Isaac Isabel Ivan Jamal Jana Jasmine Jerome Joan João Jordan José Joyce Judith "
    "Julian Jürgen Kai Karen Katarzyna Keisha Kenji Kofi Kwame Lars Laura Leila Lena Leonard Liam Lin "
    "Lorenzo Lucia Luther Maeve Malik Marcus Margaret Maria Marisol Martha Mateo Maya Mei Miguel Mina "
    "Miriam Mohammed Nadia Naomi Nathan Nell Ngozi Niamh Noah Nora Olga Olivia Omar Oscar Paloma Patrick "
    "Paul Pearl Petra Priya Quentin Rachel Rafael Ramona René Rhoda Robert Rosa Ruth Ryan Sabine Samir "
    "Samuel Sandra Siobhán Sofía Søren Stella Steven Sunita Tamar Tariq Teresa Theo Thuy Tomás Ursula "
    "Valentina Vera Victor Vivian Walter Wanda Wei Willa Xavier Yasmin Yolanda Yusuf Zachary Zainab Zoë"
)
LAST_NAMES = _words(
    "Abara Abbott Achterberg Adeyemi Aguilar Ahmadi Albrecht Alvarado Andersson Arroyo Ashdown Baptiste "
    "Barlow Batista Beaumont Becker Bellamy Benítez Bergström Bhatt Blackwood Boateng Bosch Bouchard "
    "Brennan Brightwell Burke Caldwell Calloway Campos Cárdenas Castellano Chang Chaudhry Cho "
    "Christiansen Cisneros Clayborne Conway Cordero Cruz Daley Davenport Delacroix Delgado Desai Diallo "
    "Dietrich Dominguez Donnelly Dubois Dvořák Eastman Ekström Ellsworth Escobar Estrada Fairchild Farah "
    "Faulkner Fernández Finch Fitzgerald Flores Fontaine Forsythe Franco Fujimoto Gallagher García "
    "Gauthier Gill Goldberg Gonçalves Grabowski Granger Grimaldi Guerrero Gutiérrez Haddad Halloran "
    "Hargrove Hashimoto Hawthorne Heller Hernández Hinojosa Holloway Huang Huynh Ibarra Inoue Iversen "
    "Jankowski Jaramillo Jefferson Jennings Johansson Kaminski Kapoor Keating Kessler Khan Kowalczyk "
    "Krüger Kumar Lambert Larkin Lavoie Leclerc Lindqvist Lockwood Lombardi Lopez Lundgren MacAllister "
    "Mahmoud Maldonado Marchetti Márquez Mbeki McBride Mendoza Meyer Mitchell Montoya Moreau Mueller "
    "Muñoz Nakamura Navarro Ndiaye Nguyen Novak Núñez Oakley O'Brien Obi Ochoa Okafor Oliveira Olsen "
    "Ortega Osei Østergaard Pacheco Padilla Patel Peña Pereira Petrov Pham Pike Popescu Quiñones Quintero "
    "Rahman Ramírez Reinholt Rhodes Ricci Rosenthal Rossi Saavedra Salazar Sandoval Santos Sato Schneider "
    "Sepúlveda Shah Shapiro Silva Singh Sørensen Stavros Sterling Strand Suárez Sutherland Szabo "
    "Takahashi Tanaka Thibodeaux Thornton Torres Tran Trujillo Underwood Vance Vargas Vasquez Velasco "
    "Villanueva Volkov Wakefield Walsh Wang Weaver Weiss Whitaker Winslow Woźniak Yamada Yates Yoon "
    "Zamora Zhang Zimmerman"
)
_STREETS = _words(
    "Alder Birch Cedar Chestnut Clover Cottonwood Dogwood Elm Fern Hawthorn Heron Juniper Lakeview Laurel "
    "Magnolia Maple Meadow Mill Oak Orchard Pine Prairie Quarry Ridge River Sage Spruce Sycamore Valley "
    "Willow"
)
_ENDINGS = ("Ave", "Blvd", "Ct", "Dr", "Ln", "Rd", "St", "Way")
_PLACES = (
    ("Fairhaven", "MN", "551"),
    ("Cedar Bluff", "IA", "522"),
    ("Port Alder", "WA", "981"),
    ("Mesa Verde", "AZ", "852"),
    ("Lakemont", "WI", "537"),
    ("San Aurelio", "CA", "921"),
    ("Willow Springs", "TX", "787"),
    ("Harborview", "ME", "041"),
    ("Santa Lucía", "NM", "875"),
    ("Stonebridge", "CO", "802"),
    ("Bayou Chêne", "LA", "705"),
    ("New Uppsala", "MN", "554"),
)
_EMPLOYERS = (
    "Northwind Clinic",
    "Bluebird Bakery",
    "Foxglove Design",
    "Prairie Public Schools",
    "Halyard Marine",
    "Quartz Robotics",
    "Tamarack Timber",
    "Lumen Dental",
    "Kestrel Logistics",
    "Marigold Foods",
)
SOURCES = (
    "Website",
    "Referral",
    "Open House",
    "Online Listing",
    "Past Client",
    "Walk-In",
    "Partner API",
    "Trade Show",
)
GROUP_NAMES = (
    "Active Lead",
    "Active Client",
    "Past Client",
    "Pre-Approved",
    "Under Contract",
    "Referral Partner",
    "Open House Visitors",
    "Newsletter",
)
NICKNAMES = {
    "Robert": "Rob",
    "Daniel": "Dan",
    "Margaret": "Maggie",
    "Katarzyna": "Kasia",
    "Samuel": "Sam",
    "Steven": "Steve",
}
_RATINGS = ("Excellent", "Good", "Fair", "Poor")
_MAILBOXES = ("mail.example", "post.example", "example.com", "inbox.example")


def to_ascii(text: str) -> str:
    """Return a name as it may appear in an email address: lower case ASCII letters and dots."""
    folded = text.translate(str.maketrans("øØł", "oOl"))
    decomposed = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z.]+", "", decomposed.lower())


_ASCII = {name: to_ascii(name) for name in (*FIRST_NAMES, *LAST_NAMES)}


def phone(rng: random.Random) -> str:
    """Return a phone number from the range reserved for fiction, in one of several notations."""
    area, line = 201 + int(rng.random() * 780), int(rng.random() * 100)
    style = rng.random()
    if style < 0.7:
        return f"({area})555-01{line:02}"
    return f"{area}-555-01{line:02}" if style < 0.9 else f"+1 {area} 555 01{line:02}"


def contact(rng: random.Random) -> dict[str, Any]:
    """Return the attributes of a contact: always a name, a source and a way to reach them."""
    chance = rng.random
    first, last = FIRST_NAMES[int(chance() * len(FIRST_NAMES))], LAST_NAMES[int(chance() * len(LAST_NAMES))]
    person: dict[str, Any] = {
        "first_name": first,
        "last_name": last,
        "source": SOURCES[int(chance() ** 2 * 8)],
    }
    reachable = chance()
    if reachable < 0.9:
        mailbox = _MAILBOXES[int(chance() * 4)]
        person["email"] = f"{_ASCII[first]}.{_ASCII[last]}{int(chance() * 900) or ''}@{mailbox}"
    if reachable > 0.2:
        person["phone_cell"] = phone(rng)
    if chance() < 0.15:
        person["phone_home"] = phone(rng)
    if chance() < 0.1:
        person["phone_office"] = phone(rng)
    if chance() < 0.6:
        city, state, zip_start = _PLACES[int(chance() * len(_PLACES))]
        street, ending = _STREETS[int(chance() * len(_STREETS))], _ENDINGS[int(chance() * 8)]
        person["address"] = f"{int(chance() * 9800) + 100} {street} {ending}"
        person |= {"city": city, "state": state, "zip_code": f"{zip_start}{int(chance() * 100):02}"}
    if chance() < 0.3:
        person["employer_name"] = _EMPLOYERS[int(chance() * len(_EMPLOYERS))]
    if chance() < 0.25:
        person["birthday"] = f"1970-{int(chance() * 12) + 1:02}-{int(chance() * 28) + 1:02}"
    if chance() < 0.2:
        person["credit_score"] = _RATINGS[int(chance() ** 2 * 4)]
    if chance() < 0.3:
        person["last_contacted_date"] = (
            f"2025-{int(chance() * 12) + 1:02}-{int(chance() * 28) + 1:02} 15:30:00"
        )
    for flag in ("ok_to_call", "ok_to_email", "ok_to_mail"):
        person[flag] = chance() > 0.08
    return person


def variant(rng: random.Random, person: dict[str, Any]) -> dict[str, Any]:
    """Return the same person as someone else might have typed them: another spelling, mailbox or name."""
    twin = dict(person)
    change = rng.random()
    if change < 0.4 and twin["first_name"] in NICKNAMES:
        twin["first_name"] = NICKNAMES[twin["first_name"]]
    elif change < 0.7:
        accentless = unicodedata.normalize("NFKD", twin["last_name"]).encode("ascii", "ignore").decode()
        twin["last_name"] = accentless if accentless != person["last_name"] else f"{accentless} Jr."
    else:
        twin["first_name"] = twin["first_name"][0] + "."
    if twin.get("email"):
        twin["email"] = twin["email"].split("@")[0] + "@work.example"
    return twin
