"""Words of names and of streets, how they are written, and how many letters of two words differ. Pure.

Names have words that are not written with one capital letter, and words that tell a company from a person. The short
forms of streets and units are those of USPS Publication 28; only words with one meaning at their place are included.
"""

from __future__ import annotations

import re

_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)", re.IGNORECASE)


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text.

    >>> sorted(words_in("of the"))
    ['of', 'the']
    """
    return frozenset(text.split())


def capitalized(word: str) -> str:
    """Return a word with a capital initial, and one after Mc, O' and D'; a number with letters as it is.

    >>> [capitalized(word) for word in ("MCDONALD", "o'brien", "BOB'S", "D'ANGELO", "1ST", "a1", "24hr", "amazon.com")]
    ['McDonald', "O'Brien", "Bob's", "D'Angelo", '1st', 'A1', '24hr', 'Amazon.com']
    """
    if _ORDINAL.fullmatch(word):
        return word.lower()
    if any(map(str.isdigit, word)):
        return word.upper() if sum(map(str.isalpha, word)) == 1 else word
    low = word.lower()
    start = next((place for place, letter in enumerate(low) if letter.isalpha()), None)
    if start is None:
        return word
    capitals = [start]
    if re.match(r"mc[^\W\d_]{2}", low[start:]):
        capitals.append(start + 2)
    if re.match(r"[od]['\u2019][^\W\d_]{2}", low[start:]):
        capitals.append(start + 2)
    return "".join(letter.upper() if place in capitals else letter for place, letter in enumerate(low))


def letters_apart(word: str, other: str) -> int:
    """Return the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbors.

    Definition: Boytsov (2011), "Indexing methods for approximate dictionary searching", section 2.2.

    >>> letters_apart("Chicago", "Chciago"), letters_apart("Austin", "Austen"), letters_apart("Joliet", "Plano")
    (1, 1, 5)
    """
    while word and other and word[0] == other[0]:
        word, other = word[1:], other[1:]
    while word and other and word[-1] == other[-1]:
        word, other = word[:-1], other[:-1]
    before: list[int] = []
    line = list(range(len(other) + 1))
    for row, letter in enumerate(word, 1):
        earlier, before, line = before, line, [row]
        for column, against in enumerate(other, 1):
            cost = min(before[column] + 1, line[-1] + 1, before[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and word[row - 2] == against:
                cost = min(cost, earlier[column - 2] + 1)
            line.append(cost)
    return line[-1]


NAME_SUFFIXES = {
    "ii": "II", "iii": "III", "iv": "IV", "jr": "Jr", "sr": "Sr", "md": "MD", "dds": "DDS", "dmd": "DMD", "dvm": "DVM",
    "phd": "PhD", "esq": "Esq", "cpa": "CPA", "rn": "RN", "usmc": "USMC", "usn": "USN",
}  # fmt: skip
"""Suffixes of a person's name."""

TITLES = words_in("mr mrs ms miss dr rev hon prof fr sgt capt lt col")

PARTICLES = words_in("de del y")
"""Parts of Spanish names that are in lowercase within a name."""
PARTICLES_AFTER_DE = words_in("la las los")
EITHER = words_in("van von der den di da dos das du la le el ter ten bin al della dello do")
"""Parts of names that families write in both ways: `Van Dyke`, `van Dyke`."""

WITHOUT_APOSTROPHE = words_in(
    "obrien oneill oneil oneal oconnor oconnell ohara oreilly odonnell odell okeefe omalley oleary "
    "osullivan ogrady orourke otoole odonoghue ohalloran dangelo damico dagostino dandrea"
)
"""Names that may lack their apostrophe."""

MAC = words_in(
    "macdonald macdougall macfarlane macgregor macintosh macintyre mackenzie mackay mackinnon maclean "
    "macleod macmillan macneil macneill macpherson macrae macarthur macallister macaulay macbeth "
    "macdonnell macduff macgillivray machattie macinnes maclaren maclachlan macnab macnamara macqueen "
    "macvicar macdowell macewan macfadden"
)
"""Names that families write in both ways: `MacDonald`, `Macdonald`. Mack and Macy are ordinary words."""

_TWO_CAPITALS = words_in(
    "DeShawn DeAndre DeAngelo DeMarcus DeJuan DeWayne LaShawn LaToya LaTonya LaTasha LaKeisha LaDonna LeAnn "
    "LeAnne LeRoy LeBron JoAnn JoAnne MaryAnn MaryBeth RuthAnn BillieJo DaCosta DaSilva DeAngelis DeBerry "
    "DeBlasio DeBoer DeBose DeBruin DeBruyn DeCarlo DeCastro DeCicco DeFazio DeFelice DeFeo DeFilippo DeForest "
    "DeFrancesco DeFranco DeFreitas DeGaetano DeGeneres DeGraaf DeGrasse DeGroot DeGuzman DeHart DeHaven DeJesus "
    "DeJong DeKalb DeLaCruz DeLaFuente DeLaGarza DeLaRosa DeLaTorre DeLand DeLeon DeLisle DeLong DeLorean "
    "DeLorenzo DeLuca DeLuna DeMarco DeMaria DeMatteo DeMello DeMeo DeMille DeMott DeNardo DeNicola DeNiro "
    "DeNunzio DeOliveira DePalma DePaolo DePasquale DePaul DePriest DeRosa DeRossi DeRuyter DeSalvo DeSantis "
    "DeSilva DeSimone DeSoto DeSouza DeStefano DeVaughn DeVault DeVito DeVoe DeVos DeVries DeWeese DeWitt DeWolf "
    "DeWolfe DeYoung DelMonte DelRio DelRosario DelToro DelValle DelVecchio DiAngelo DiBella DiBenedetto "
    "DiCaprio DiCarlo DiCicco DiDonato DiFranco DiGiacomo DiGiorgio DiGiovanni DiLorenzo DiMaggio DiMarco "
    "DiMartino DiMatteo DiNapoli DiNardo DiNicola DiPaolo DiPasquale DiPietro DiSalvo DiSanto DiStefano "
    "DiTommaso DiVito DuBois DuBose DuFresne DuMont DuPage DuPont DuPree DuPuis DuVall FitzGerald FitzHugh "
    "FitzPatrick FitzSimmons FitzSimons LaBarbera LaBelle LaBonte LaChance LaCroix LaCrosse LaFleur LaFontaine "
    "LaForge LaFrance LaGrange LaGuardia LaMarca LaMotte LaPierre LaPlace LaPlante LaPointe LaPorte LaRocca "
    "LaRocque LaRosa LaRouche LaRue LaRussa LaRusso LaSalle LaTour LaValle LaVerne LaVigne LaVoie LeBeau LeBlanc "
    "LeBrun LeClair LeCompte LeDoux LeFebvre LeFevre LeGrand LeGrande LeMaster LeMay LeMond LePage LeRoux "
    "LeSueur StClair StJohn StPierre VanAllen VanBuren VanBuskirk VanCamp VanCleave VanCleve VanDam VanDeusen "
    "VanDusen VanDyke VanHoose VanHorn VanHouten VanMeter VanNess VanNoy VanPatten VanPelt VanSant VanSickle "
    "VanWert VanWinkle VanWyk VanZandt VonTrapp PetSmart JPMorgan FedEx AutoZone WalMart CarMax GameStop "
    "OfficeMax YouTube PayPal"
)
TWO_CAPITALS = {word.casefold(): word for word in _TWO_CAPITALS}
"""Names of people, places and companies that are written both with a second capital letter and without."""

AFTER_SPANISH_DE = words_in("castro guzman jesus leon luna oliveira silva soto souza")
"""Last names after the Spanish or Portuguese de, in lowercase: Juan de Leon, but Robert De Niro."""

SHORT_NAMES = words_in("aj vip geico ej usa ups usps ymca ywca ikea aaa at&t")
"""Short words that may be initials or an abbreviation, although they have a vowel."""

ACRONYMS = {
    word.casefold(): word
    for word in words_in(
        "LLC LLP LP PLLC PLLP PLC PC PA HVAC AC A/C USA UK DBA HOA POA YMCA YWCA IBM UPS USPS AT&T BMW CVS "
        "HEB H-E-B KFC NAPA ABC AAA ABM ADT AAMCO BBQ CPA DDS DMD DVM MD RV TV HR ATM RE/MAX ISD PTA PTO "
        "VFW VA FBI NAACP NYC DFW TX FL NC NW NE SE II III IV JV GMC DJ P.C. L.L.C. L.P. P.A. D.D.S. M.D. "
        "VIP GEICO U.S. U.S.A. 3M FM PM ICU MRI XYZ AAAA"
    )
}
"""Abbreviations in names of companies."""

COMPANY_WORDS = words_in(
    "llc inc incorporated corp corporation company ltd llp lp pllc plc dba group holdings partners "
    "associates assoc services service systems solutions supply supplies plumbing heating cooling hvac "
    "electric electrical construction contractors builders roofing painting landscaping cleaning realty "
    "properties property management apartments apts condominiums condos hoa rentals leasing investments "
    "enterprises industries international credit insurance agency financial attorneys dental dentistry "
    "dentist medical clinic hospital pharmacy veterinary animal ministries synagogue mosque academy "
    "university isd department restaurant cafe pizza bakery hotel motel suites salon nails fitness gym "
    "auto automotive tire motors collision repair garage storage mart grocery foods furniture hardware "
    "rental equipment tools trucking logistics transport travel studio studios design media consulting "
    "technologies technology software labs center centre foundation association society offices towers "
    "plaza estates warehouse depot farms nursery florist laundry cleaners office district"
)
"""Words that make a name one of a company. Words that are also last names are left out."""

SHORTENED = words_in("inc co corp ltd dr mr mrs st jr sr bros mt ft")
"""Shortened words in names of companies, written with a capital initial."""

SMALL_IN_COMPANIES = words_in("and of the for at by in on to a an or")
"""Words in lowercase within the name of a company."""

SHORT_WORDS = words_in(
    "ace acme act aid air all ann any app arc arm art ash ask auto baby back bag bait bake ball band bank "
    "bar barn base bath bay beach bean bear beds bee bell best bet bev big bike bird bit blue boat body "
    "bolt book boot boss bow box boy bros bug bun bus buy cab cafe café cake call camp can cap car card care "
    "cart cash cat cave chef city clay club coal coat cod coin cold con cool cook corn cow crab cub cue "
    "cup cut dad data dan day deal deck deer deli den desk dew dig dish dock doe dog doll don door dot dry "
    "duck due east easy eat eco edge egg elk elm end era eve eye fan far farm fast fin fir fire fish fit "
    "five fix flat flow fly food foot for fort four fox free fun fur gap gas gate gem get gift go gold "
    "golf good gray grid grip grow gulf gun guy gym hair half hall ham hand hat hay heat help hen her high "
    "hill him hip his hog home hot hub huge hut ice ink inn ion iron isle ivy jam jar java jay jet job "
    "jobs join joy jug just key kid kids king kit kite lab lake lamp land lane law lawn lay leaf lee leg "
    "life lift lime line link lion live lock log loft lot love low luck lux mac mail main mall man map "
    "mart mat max may meat mega men mesa met mill mine mint mix mod mom moon more moss most mow mud mug "
    "nail near nest net new next nice nine no north not nova nut oak oaks oil old one only orb our out own "
    "pack pad page pair pal palm pan park part pass past paw pay pea pen pet pets pie pig pike pin pine "
    "pink pit plan play plaza plum plus pod pole pond pool pop port post pot pro pub pump pure raw ray red "
    "reel rent rest rib rice rich ride rig ring rise road rock roof room root rose row rug run rye safe "
    "sail sale salt sand sap save sea seal self set seven shed ship shoe shop show side silk six skin sky "
    "slow snow soap sod soft soil sol solo son song soul soup south spa spot star stay stop sub sum sun "
    "sure swan swim tag tan tank tap tax tea team tech ten tent test tex the tile tim time tin tip tire "
    "tom ton tool top tow town toy toys tree trim trio true try tub twin two unit up upon used valley van "
    "vet via vine vip wag wall war wash wax way web well west wet wig wild win wine wing wire wise wok "
    "wolf wood wool work works yard year yes you your zen zip zone zoo bob jim joe ed al sam ron rob roy "
    "ted bill dave mike mark john paul jack kyle lou lisa ken kim ben dean dale earl gary gene greg ivan "
    "jeff jose juan karl kurt luis mary nick nina noel otto pete phil ruth ryan sara sean tina todd tony "
    "troy walt ward will zach ana amy ava bea cal deb eli eva gus hal ian ida ike jan jed jen jon kay len "
    "leo les liz mae meg mel mia nan nat ned nia pam pat peg rae rex rod sal sid stu sue uma vic zoe"
)
"""Short words and first names: other short words in capitals may be abbreviations."""


_STREET_SUFFIXES = """
Aly: alley ally | Ave: avenue aven avenu avn avnue av | Blvd: boulevard boul boulv bld | Byp: bypass bypa byps
Cir: circle circ circl crcl crcle | Ct: court crt | Cv: cove | Cres: crescent crsent crsnt | Xing: crossing crssng
Dr: drive driv drv | Expy: expressway expr express expw | Fwy: freeway freewy frway frwy
Hwy: highway highwy hiway hiwy hway | Jct: junction jction jctn | Ln: lane | Pkwy: parkway parkwy pkway pky
Pl: place | Plz: plaza plza | Rd: road
Rte: route | Sq: square sqr sqre squ | St: street strt str | Ter: terrace terr | Trce: trace | Trl: trail
Tpke: turnpike trnpk turnpk
"""

STREET_SUFFIXES = {
    long: short.strip()
    for entry in _STREET_SUFFIXES.replace("\n", "|").split("|")
    if ":" in entry
    for short, longs in [entry.split(":")]
    for long in (short.strip().lower(), *longs.split())
}
"""Spelling to short form of the last word of a street. Words that are often names, such as Hills, are left out."""

LONG_STREET_SUFFIXES = {
    entry.split(":")[1].split()[0]: entry.split(":")[1].split()[0].capitalize()
    for entry in _STREET_SUFFIXES.replace("\n", "|").split("|")
    if ":" in entry
}
"""Suffixes written in full, in lowercase, to how they are written in a street: the first of each list."""

NEVER_SHORTENED = words_in("loop path pike row run walk way pass bend")
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

STREETS_IN_CAPITALS = {
    word.casefold(): word
    for word in words_in("US FM CR IH RR RM SH SR MLK JFK TX NE NW SE SW N S E W II III IV HC LBJ")
}
"""Words of streets in capitals: FM 1960, US Hwy 290."""

SMALL_IN_STREETS = words_in("of the and de del la las los y at")

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
