"""A company with more of what misleads: households, joint names, twins, tenants, branches, marks and placeholders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bench.duplicates.company import Maker
from bench.duplicates.entry import Address, Customer, Entry, first_entry, later_entry
from bench.duplicates.names import DIRECTIONS, WAYS, first_name

COUPLES, RELATIVES, SIBLINGS, MORE_PARENTS, TENANTS, PHASES, TWIN_STREETS, NOBODIES = 0.12, 90, 160, 80, 60, 60, 24, 10
"""The share of people entered as a couple; the others per 20,000 customers."""

_SIBLINGS = """
Andrew Andrea | Robert Roberta | Robert William | Paul Paula | Daniel Danielle | Patrick Patricia | Eric Erica
Christopher Christine | Samuel Samantha | Mary Marie | Mary Maria | Julie Julia | Joan Jean | Stephen Stephanie
Gerald Geraldine | Ronald Donald | Edward Edwin | Albert Alfred | Jayden Kayden | Kaylee Kylie | Hailey Bailey
Aiden Jaden | Mia Mya | Larry Barry | Timothy James | Jean Jane | Anthony Antonio | Victor Victoria | Carl Carla
Henry Harold | Frank Francis | Louis Louise | Erin Aaron | Kelly Kerry | Karen Karin | Bryce Brice | Tara Tamara
"""
SIBLING_NAMES = [tuple(pair.split()) for pair in _SIBLINGS.replace("\n", "|").split("|") if pair.strip()]
_SPELLINGS = """
Stephen Steven | Jeffrey Jeffery Geoffrey | Sean Shawn Shaun | Katherine Catherine Kathryn Katharine | Sara Sarah
Ann Anne | Brian Bryan | Eric Erik | Philip Phillip | Alan Allen Allan | Mark Marc | Teresa Theresa
Deborah Debra | Rachel Rachael | Nicholas Nicolas | Matthew Mathew | Kristin Kristen | Michelle Michele
Lawrence Laurence | Jonathan Jonathon | Rebecca Rebekah | Cheryl Sheryl | Carl Karl | Elizabeth Elisabeth
"""
SPELLINGS = {
    name: [other for other in names.split() if other != name]
    for names in _SPELLINGS.replace("\n", "|").split("|")
    for name in names.split()
}
_PLACES = ("Rental", "Farm", "Pool House", "Lake House", "Guest House", "Ranch", "Rental House", "Rent House", "Office")
_BEFORE = ("DUPLICATE ", "DUPLICATE - ", "REMOVE ", "1 ", "1 - ", "Duplicate: ")
_AFTER = (" DO NOT SERVICE", " - DO NOT SERVICE", " *DNS*", " (do not service)", " - DUPLICATE", " ** COD ONLY **")
_NOBODIES = ("New Homeowner", "Current Resident", "Homeowner", "Occupant", "New Owner", "Tenant", "Property Owner")
_PHASES = (
    ("", " II"), (" Phase 1", " Phase 2"), (" Phase A", " Phase B"), (" North", " South"), (" East", " West"),
    (" I", " II"), (" A", " B"), (" Bldg 1", " Bldg 2"),
)  # fmt: skip


@dataclass
class Harder(Maker):
    """The same kinds of customers as in an ordinary company, and more of those that only look the same."""

    def relate(self) -> None:
        super().relate()
        rng = self.rng
        for _ in self.times(RELATIVES):
            one = self.person()
            one.partner = first_name(rng, man=not one.man)
            one.joint = True
            other = self.person(last=one.last, first=rng.choice((one.first, one.partner)), address=one.address)
            if rng.random() < 0.5:
                other.address = self.address()
                other.phones = [one.phones[0]]
            else:
                self._share(one, other, phone=0.3, mail=0.1)
            self._pair("couple_and_relative", one, other)
        for _ in self.times(SIBLINGS):
            first, second = rng.sample(rng.choice(SIBLING_NAMES), 2)
            one = self.person(first=first)
            other = self.person(first=second, last=one.last, address=one.address)
            self._share(one, other, phone=0.5, mail=0.15)
            self._pair("siblings", one, other)
        for index in self.times(MORE_PARENTS):
            parent = self.person()
            child = self.person(first=parent.first, last=parent.last, address=parent.address, man=parent.man)
            kind = "parent_and_child_without_suffix" if index % 4 == 0 else "parent_and_child"
            if index % 4:
                child.suffix = rng.choice(("Jr", "Jr.", "II", "III"))
            self._share(parent, child, phone=0.5, mail=0.1)
            self._pair(kind, parent, child)
        self._tenants()
        self._companies()
        for _ in self.times(TWIN_STREETS):
            one = self.person()
            other = self.person(first=one.first, last=one.last, man=one.man, address=self._beside(one.address))
            self._pair("one_name_on_two_streets", one, other)
        for number in self.times(NOBODIES):
            office = self.number()
            group = [self.person(first=_NOBODIES[number % len(_NOBODIES)], last="", nobody=True) for _ in range(8)]
            for one in group:
                one.phones, one.mails = ([office] if rng.random() < 0.5 else []), []
            self._group("placeholders", group)

    def _tenants(self) -> None:
        for _ in self.times(TENANTS):
            landlord = self.person()
            house = self.address()
            tenants = [self.person(address=house, remark=" - Rental") for _ in range(2)]
            for one in tenants:
                self._share(landlord, one, phone=0.6, mail=0.2)
            self._group("tenants", [landlord, *tenants])

    def _companies(self) -> None:
        for _ in self.times(PHASES):
            first, second = self.rng.choice(_PHASES)
            one = self.firm(trade=self.rng.choice(("Properties", "Storage", "Center", "Realty", "Medical Group")))
            other = self.firm(last=one.last, trade=one.trade)
            one.branch, other.branch = first, second
            if self.rng.random() < 0.5:
                other.address = one.address
            self._share(one, other, phone=0.7, mail=0.5)
            self._pair("phases", one, other)

    def _beside(self, address: Address) -> Address:
        if address.direction and self.rng.random() < 0.5:
            return replace(address, direction=self.rng.choice([one for one in DIRECTIONS if one != address.direction]))
        return replace(address, way=self.rng.choice([way for way in WAYS if way != address.way]))

    def first(self, customer: Customer) -> Entry:
        alone = not (
            customer.trade or customer.nobody or customer.partner
        )  # spouses with a record each have no third one
        if alone and self.rng.random() < COUPLES:
            customer.joint = True
            customer.partner = first_name(self.rng, man=not customer.man)
        entry = first_entry(self.rng, customer)
        if customer.joint:
            entry.name = self._couple(customer)
        if customer.nobody:
            entry.name = customer.first
        entry.name += customer.remark
        return entry

    def later(self, customer: Customer) -> Entry:
        rng = self.rng
        if customer.first in SPELLINGS and not customer.trade and rng.random() < 0.2:
            customer = replace(customer, first=rng.choice(SPELLINGS[customer.first]))
        entry = later_entry(rng, customer, self.number)
        if customer.joint and rng.random() < 0.4:
            entry.name = self._couple(customer)
        if not customer.trade and rng.random() < 0.05:
            other = rng.random() < 0.7
            kept = later_entry(rng, replace(customer, address=self.address()), self.number) if other else entry
            entry = replace(kept, name=f"{entry.name} - {rng.choice(_PLACES)}", phones=customer.phones, linked=True)
        elif rng.random() < 0.05:
            how = rng.random() < 0.5
            entry.name = rng.choice(_BEFORE) + entry.name if how else entry.name + rng.choice(_AFTER)
        entry.customer = self.people[customer.number]
        return entry

    def _couple(self, customer: Customer) -> str:
        one, other = customer.first, customer.partner
        return self.rng.choice(
            (
                f"{one} & {other} {customer.last}",
                f"{other} and {one} {customer.last}",
                f"{customer.last}, {one} & {other}",
            )
        )
