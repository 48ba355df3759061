"""Words in addresses: suffixes of streets, directions, units and states.

The short forms are those of USPS Publication 28. Only words that have one meaning at their place are included.
"""

from __future__ import annotations

from stcrm_pandas.cleaning.recipes.letters import words_in

_SUFFIXES = """
Aly: alley ally | Ave: avenue aven avenu avn avnue av | Blvd: boulevard boul boulv bld | Byp: bypass bypa byps
Cir: circle circ circl crcl crcle | Ct: court crt | Cv: cove | Cres: crescent crsent crsnt | Xing: crossing crssng
Dr: drive driv drv | Expy: expressway expr express expw | Fwy: freeway freewy frway frwy
Hwy: highway highwy hiway hiwy hway | Jct: junction jction jctn | Ln: lane | Pkwy: parkway parkwy pkway pky
Pl: place | Plz: plaza plza | Rd: road
Rte: route | Sq: square sqr sqre squ | St: street strt str | Ter: terrace terr | Trce: trace | Trl: trail
Tpke: turnpike trnpk turnpk
"""

SUFFIXES = {
    long: short.strip()
    for entry in _SUFFIXES.replace("\n", "|").split("|")
    if ":" in entry
    for short, longs in [entry.split(":")]
    for long in (short.strip().lower(), *longs.split())
}
"""Spelling to short form of the last word of a street. Words that are often names, such as Hills, are left out."""

LONG_SUFFIXES = {
    entry.split(":")[1].split()[0]: entry.split(":")[1].split()[0].capitalize()
    for entry in _SUFFIXES.replace("\n", "|").split("|")
    if ":" in entry
}
"""Suffixes written in full, in lowercase, to how they are written in a street: the first of each list."""

FULL_WORDS = words_in("loop path pike row run walk way pass bend")
"""Last words of a street that have no short form."""

DIRECTIONS = {
    "north": "N", "south": "S", "east": "E", "west": "W", "northeast": "NE", "northwest": "NW", "southeast": "SE",
    "southwest": "SW", "n": "N", "s": "S", "e": "E", "w": "W", "ne": "NE", "nw": "NW", "se": "SE", "sw": "SW",
}  # fmt: skip

LONG_DIRECTIONS = {word: word.capitalize() for word in DIRECTIONS if len(word) > 2}
"""Directions written in full, in lowercase, to how they are written in a street."""

NAMES_AFTER_DIRECTION = words_in(
    "end shore point pointe park fork bay beach gate side lake ridge hill hills lawn bend creek branch port view star "
    "pole wind brook field bank bound haven island isle river valley village star by bridge mountain oak"
)
"""Words that form a name with the direction before them, as in West End: the direction is not shortened."""

UNITS = {
    "apartment": "Apt", "apt": "Apt", "apmt": "Apt", "suite": "Ste", "ste": "Ste", "suit": "Ste", "unit": "Unit",
    "building": "Bldg", "bldg": "Bldg", "floor": "Fl", "fl": "Fl", "flr": "Fl", "room": "Rm", "rm": "Rm", "lot": "Lot",
    "space": "Spc", "spc": "Spc", "trailer": "Trlr", "trlr": "Trlr", "penthouse": "PH", "ph": "PH",
    "department": "Dept", "dept": "Dept",
}  # fmt: skip

CAPITALS = {
    word.casefold(): word
    for word in words_in("US FM CR IH RR RM SH SR MLK JFK TX NE NW SE SW N S E W II III IV HC LBJ")
}
"""Words of streets in capitals: FM 1960, US Hwy 290."""

SMALL = words_in("of the and de del la las los y at")

_STATES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware|DC District of Columbia
FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa|KS Kansas|KY Kentucky|LA Louisiana|ME Maine
MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota|MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada
NH New Hampshire|NJ New Jersey|NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon
PA Pennsylvania|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee|TX Texas|UT Utah|VT Vermont|VA Virginia
WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming|PR Puerto Rico
"""

STATES = {
    name.casefold(): code
    for entry in _STATES.replace("\n", "|").split("|")
    if entry
    for code, _, full in [entry.partition(" ")]
    for name in (code, full)
}
"""Code or name of a state, in lowercase, to its code."""
