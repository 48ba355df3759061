"""Names, streets and places, with frequencies like those of the United States."""

from __future__ import annotations

from itertools import accumulate
from random import Random

_MEN = (
    "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony "
    "Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan "
    "Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Frank Alexander "
    "Raymond Patrick Jack Dennis Jerry Tyler Aaron Jose Adam Nathan Henry Douglas Zachary Peter Kyle Walter Ethan "
    "Jeremy Harold Keith Christian Roger Noah Gerald Carl Terry Sean Austin Arthur Lawrence Jesse Dylan Bryan Joe "
    "Jordan Billy Bruce Albert Willie Gabriel Logan Alan Juan Wayne Roy Ralph Randy Eugene Vincent Russell Louis "
    "Philip Bobby Johnny Bradley Luis Carlos Jesus Antonio Miguel Francisco Manuel Ricardo Eduardo Alejandro "
    "Roberto Rafael Fernando Javier Hector Enrique Ignacio"
)
_WOMEN = (
    "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra "
    "Ashley Kimberly Emily Donna Michelle Carol Amanda Dorothy Melissa Deborah Stephanie Rebecca Sharon Laura "
    "Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma Nicole Helen Samantha Katherine Christine Debra "
    "Rachel Carolyn Janet Catherine Maria Heather Diane Ruth Julie Olivia Joyce Virginia Victoria Kelly Lauren "
    "Christina Joan Evelyn Judith Megan Andrea Cheryl Hannah Jacqueline Martha Gloria Teresa Ann Sara Madison "
    "Frances Kathryn Janice Jean Abigail Alice Julia Judy Sophia Grace Denise Amber Doris Marilyn Danielle "
    "Beverly Isabella Theresa Diana Natalie Brittany Charlotte Marie Kayla Alexis Lori Guadalupe Rosario Consuelo "
    "Dolores Mercedes Isabel Carmen Leticia Yolanda Graciela"
)
_LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
    "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
    "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera "
    "Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart "
    "Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim "
    "Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes Price Alvarez Castillo "
    "Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler "
    "Henderson Barnes Gonzales Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds "
    "Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford "
    "Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman "
    "Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon "
    "Munoz Hunt Hicks Holmes Palmer Wagner Black Robertson Boyd Stone Salazar Fox Warren Mills Meyer Rice Schmidt "
    "Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn Kelley Spencer Hawkins "
    "O'Brien O'Connor MacDonald McCarthy St._John De_La_Cruz Van_Dyke"
)
_BEGIN = (
    "Ab Al Ba Be Bo Br Ca Ch Co Da De Di Do Du El Fa Fi Fr Ga Ge Go Gr Ha He Ho Hu Ja Ka Ke Ko Kr La Le Li Lo Lu "
    "Ma Me Mi Mo Na Ne No Pa Pe Pi Po Pr Ra Re Ri Ro Ru Sa Sch Se Sh Si Sp St Ta Te Ti To Tr Va Ve Vi Wa We Wi Za "
    "Zi"
)
_END = (
    "bauer berg bert biak bowski cek chuk cott dale dano dell denko dez diker don dorf dini feld fer gan gart "
    "gins guez hauser hoff idge ilano inger inski ker kins kowski land lani lard ler ley lin ling lio lowitz man "
    "mann mer mino more nard nell ner nik nolds nski quist rano rell rick rino rios rman rson sen shaw singer ski "
    "son ster stein sworth tano tell ter ton tori vak vano vich ville vits weiler well wicz witz worth yama yard "
    "zak zano zman"
)
_RARE = [begin + end for begin in _BEGIN.split() for end in _END.split()]
_SHORT = """
James Jim Jimmy; John Jack Johnny; Robert Bob Rob Bobby; Michael Mike; William Bill Will Billy; David Dave;
Richard Rick Dick Rich; Joseph Joe; Thomas Tom; Charles Chuck Charlie; Christopher Chris; Daniel Dan Danny;
Matthew Matt; Anthony Tony; Donald Don; Steven Steve; Andrew Andy Drew; Joshua Josh; Kenneth Ken; Edward Ed Ted;
Ronald Ron; Timothy Tim; Jeffrey Jeff; Nicholas Nick; Jonathan Jon; Stephen Steve; Benjamin Ben; Samuel Sam;
Gregory Greg; Alexander Alex; Raymond Ray; Patrick Pat; Nathan Nate; Henry Hank; Douglas Doug; Zachary Zach;
Peter Pete; Walter Walt; Lawrence Larry; Gerald Jerry; Arthur Art; Albert Al Bert; Eugene Gene; Vincent Vince;
Philip Phil; Bradley Brad; Francisco Paco Pancho; Jose Pepe; Jesus Chuy; Ignacio Nacho; Eduardo Lalo; Roberto
Beto; Enrique Kike; Rafael Rafa; Antonio Tono; Alejandro Alex; Manuel Manny; Patricia Pat Patty; Jennifer Jen
Jenny; Elizabeth Liz Beth Betsy; Barbara Barb; Susan Sue; Jessica Jess; Margaret Peggy Maggie; Sandra Sandy;
Kimberly Kim; Deborah Debbie Deb; Stephanie Steph; Rebecca Becky; Cynthia Cindy; Kathleen Kathy; Pamela Pam;
Samantha Sam; Katherine Kate; Christine Chris; Catherine Cathy; Virginia Ginny; Victoria Vicky; Christina Tina;
Judith Judy; Megan Meg; Jacqueline Jackie; Teresa Terry; Frances Fran; Abigail Abby; Natalie Nat; Guadalupe
Lupe; Rosario Charo; Consuelo Chelo; Dolores Lola; Mercedes Meche; Isabel Chabela; Leticia Lety; Graciela Chela
"""
SHORT = {name: short for name, *short in (entry.split() for entry in _SHORT.split(";"))}
_STREETS = (
    "Main Park Oak Pine Maple Cedar Elm View Washington Lake Hill Walnut Spring North Ridge Church Willow Mill "
    "Sunset Railroad Jackson Cherry West South Center Highland Johnson Forest Jefferson Hickory Wilson River "
    "Meadow Lincoln Dogwood Franklin Adams Chestnut Sycamore Madison Valley Locust Pleasant Green Pecan Holly "
    "Magnolia Laurel Poplar Cottonwood Mesquite Bluebonnet Lamar Guadalupe Congress Riverside Barton Shoal "
    "Anderson Burnet Parmer Slaughter Westlake Bee Cave Old Settlers Gattis School Double Creek Brushy Eagles "
    "Nest Rolling Oaks Deer Run Fox Hollow"
)
STREETS = _STREETS.split()
STREETS += [
    f"{number}{'th' if 10 < number < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
    for number in range(1, 60)
]
WAYS = {
    "St": "Street", "Ave": "Avenue", "Dr": "Drive", "Ln": "Lane", "Rd": "Road", "Ct": "Court", "Blvd": "Boulevard",
    "Cir": "Circle", "Way": "Way", "Pl": "Place", "Ter": "Terrace", "Trl": "Trail", "Cv": "Cove", "Pkwy": "Parkway",
}  # fmt: skip
DIRECTIONS = {"N": "North", "S": "South", "E": "East", "W": "West"}
CITIES = (
    ("Austin", 78701, 58), ("Round Rock", 78664, 5), ("Georgetown", 78626, 4), ("Cedar Park", 78613, 2),
    ("Pflugerville", 78660, 2), ("San Marcos", 78666, 2), ("Kyle", 78640, 1), ("Buda", 78610, 1), ("Leander", 78641, 2),
    ("Lakeway", 78734, 2), ("Hutto", 78634, 1), ("Bastrop", 78602, 1),
)  # fmt: skip
"""Name, first ZIP code, number of ZIP codes."""
TRADES = {
    "Services": "Svcs", "Properties": "Props", "Dental": "Dentistry", "Construction": "Const", "Realty": "Real Estate",
    "Auto Repair": "Auto", "Insurance": "Ins", "Restaurant": "Rest", "Consulting": "Consultants",
    "Storage": "Self Storage", "Management": "Mgmt", "Center": "Ctr", "Church": "Ch", "Grill": "Grill & Bar",
    "Cleaners": "Dry Cleaners",
    "Salon": "Salon", "Brothers Roofing": "Bros Roofing", "Medical Group": "Med Group", "Law Firm": "Law Office",
    "Academy": "Acad",
}  # fmt: skip
OPENERS = (
    "Lone Star", "Hill Country", "Capital City", "Blue Sky", "Live Oak", "First", "Central Texas", "Lakeside",
    "Red River", "Golden", "Premier", "A-1",
)  # fmt: skip


class Weighted:
    """A choice with falling frequencies."""

    def __init__(self, values: list[str], flat: float) -> None:
        self.values = values
        self.cumulative = [*accumulate(1 / (rank + flat) for rank in range(len(values)))]

    def __call__(self, rng: Random) -> str:
        return rng.choices(self.values, cum_weights=self.cumulative)[0]


MEN, WOMEN = Weighted(_MEN.split(), 12), Weighted(_WOMEN.split(), 12)
_COMMON = Weighted([name.replace("_", " ") for name in _LAST.split()], 18)


def last_name(rng: Random) -> str:
    """Return a last name; two of five are common ones."""
    return _COMMON(rng) if rng.random() < 0.4 else rng.choice(_RARE)


def first_name(rng: Random, *, man: bool | None = None) -> str:
    man = rng.random() < 0.5 if man is None else man
    return (MEN if man else WOMEN)(rng)
