"""First names: formal ones, spellings of one name, and corrections of the nicknames of the package `nicknames`."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

_FORMAL = """
aaron abigail abraham adam adrian adriana agnes agustin aidan aiden alan albert alberto alejandra alejandro
alexander alexandra alexis alfonso alfred alfredo alice alicia allison alvin amabel amanda amber amelia amy ana
andre andrea andrew angel angela angelica angelina angelique anita ann anna annette anthony antoinette antonia
antonio april ariana ariel arlene armando arnold arthur arturo ashley audrey austin ava avery bailey barbara barrett
barron barry beatrice beatriz benjamin bernadette bernard bernice bethany beverly blake bonnie bradley brandi
brandon brayden brenda brendan brent brian brianna bridget brittany brooke bruce bryant bryce byron caden caleb
calvin camden cameron camila candice carl carla carlos carmen carol carolina caroline carolyn casey cassandra
catherine cayden cecilia cedric celeste celia charlene charles charlotte chase chelsea cheryl chester christian
christina christine christopher claire clara clarence clarissa claudia clayton clifford clinton colin colleen connor
constance cora corey courtney craig cristian cristina crystal curtis cynthia daisy dakota dale dana daniel daniela
danielle darlene darrell darren david dawn deanna deborah delores denise dennis derek derrick desiree destiny devin
diana diane diego dolores dominic donald donna doris dorothy douglas duane dustin dwayne dwight dylan earl edgar
edith edna eduardo edward edwin eileen elaine eleanor elena elias elijah elisa eliza elizabeth ella ellen eloise
emanuel emilia emilio emily emma enrique eric erica erik erin ernest ernesto esteban esther ethan eugene eva evan
evelina evelyn faith felicia felipe felix fernando florence frances francine francis francisco franklin frederick
gabriel gabriela gabrielle garrett gary gavin genevieve geoffrey george georgia gerald geraldine gerard gertrude
gilbert giovanni gladys glen gloria gordon grace graciela grant gregory guadalupe guillermo gwendolyn hailey hannah
harman harold harriet harvey hayden haylen hazel heather hector heidi helen heloise henry herbert herman hester
holly hope howard hugh hugo hunter ian ignacio irene iris irma isaac isabel isabella isaiah ismael ivan jacob
jacqueline jade jaden jaelin jaelyn jailyn jaime jalen james jamie jane janet janice jared jasmine jason javier
jayden jaylen jaylin jaylyn jean jeffrey jenna jennifer jeremiah jeremy jermaine jerome jesse jessica jesus jill
joan joann joanna jocelyn joel johanna john johnathan jonathan jordan jorge jose joseph josephine joshua joyce juan
juana juanita judith julia julian juliana julie julio june junius justin justina justine justus kaden kaiden kailey
kaitlyn kallie kara karen kari karina karl karla katelyn katherine kathleen kathryn kayden kayla kaylee keira keith
kelly kendra kendrick kenneth kent kerry kevin kiara kimberly kirk kristen kristi kristina kristine kristopher kurt
kyle kylee kylie lana lance landon laura lauren laurie lawrence layla leah leigh leila lenora leonard leonardo leroy
leslie leticia lewis liam lillian lily linda lindsay lisa livia lloyd logan lois loretta lori lorne lorraine louis
louise luca lucas lucia lucille lucius luis luisa luke luther lydia lynn mabel madeline madison makayla manuel marc
marcia marco marcus margaret margarita maria mariah marian marianna marie marilyn marina mario marion marisa marissa
marjorie mark marlene marsha marshall martha martin martine marvin mary mason mathew matilda matthew maureen maurice
megan melanie melinda melissa melody melvin mercedes meredith mia michael michaela michele michelle miguel mikayla
mildred milton minnie miranda miriam mitchell monica morgan morris mya myra myrtle nadia nancy naomi natalia natalie
natasha nathan nathaniel neil nelson nicholas nicole nina noah noel nolan nora norma norman octavia oliver olivia
omar orlando oscar owen paige pamela patricia patrick paul paula pauline pedro penelope perry peter philip phoebe
phyllis preston priscilla rachel rafael ralph ramon randall raquel raul raymond rebecca regina reginald renee
reynaldo rhett rhonda ricardo richard riley rita robert roberta roberto robin roderick rodney rodolfo rodrigo roger
roland roman ronald rosa rosalie rosario rose rosemary rowan roxanne roy ruben ruby rudolph rupert russell ruth ryan
ryder rylan sabrina salvador samantha samuel sandra santiago sara sarah saul scott sean sebastian serena sergio seth
shane shannon sharon shaun shawn sheila shelby sheldon sherri sherry shirley sierra silvia simon simone skylar sofia
solomon sonia sophia sophie spencer stacy stanley stella stephanie stephen steven stuart summer susan suzanne sylvia
tamara tanya tara taylor teresa terrance theodore theresa thomas tiffany timothy todd tonya tracy travis trevor
trinity tristan tristen troy tyler tyrone valerie vanessa vera vernon veronica victor victoria vincent viola violet
virginia vivian wade walter wanda warren wayne wendy wesley whitney wilber wilbur wilhelmina william winifred xavier
yolanda yvette yvonne zachary zayden zoe
"""
FORMAL = frozenset(_FORMAL.split())
"""Names that are nobody's nickname. Two of them are two people, unless they are spellings of one name."""

_SPELLINGS = """
stephen steven stephan | jeffrey jeffery jeffry geoffrey | sean shawn shaun
catherine katherine kathryn katharine cathryn | brian bryan bryon | eric erik erick | erica erika | philip phillip
alan allen allan | sara sarah | ann anne | teresa theresa | deborah debra debora | mark marc
kristin kristen kristyn | kristina christina cristina | kristine christine | christopher kristopher cristopher
lindsay lindsey lyndsay | matthew mathew | nicholas nicolas nickolas | zachary zackary zachery | michelle michele
rachel rachael | rebecca rebekah | elizabeth elisabeth | lawrence laurence | gregory greggory | susan suzan
suzanne susanne | cheryl sheryl | craig kraig | carl karl | curtis kurtis | aaron arron | anthony antony
caitlin kaitlyn kaitlin katelyn | jacquelyn jaclyn jacklyn | gail gayle | jerry gerry | vicki vicky vickie
john jhon | jonathan jonathon johnathan johnathon | megan meghan meagan | allison alison allyson
tracy tracey traci tracie
stacy stacey | sherry sherri sherrie | lori lorie lorrie laurie | carol carole | carolyn carolynn | diane dianne
denise denice | danielle daniele | isabel isabelle | isabella izabella | madeline madeleine madelyn
natalie nathalie | monica monika | veronica veronika | victoria viktoria | victor viktor | vivian vivien
yvonne ivonne | yvette ivette | sophia sofia | lillian lilian | lily lilly | molly mollie | emily emilie
ashley ashlee ashleigh | brittany britney brittney | courtney kourtney | crystal krystal cristal
kimberly kimberley | jasmine jazmin jasmin | jennifer jenifer | heather hether | helen hellen | katie katy
kathy cathy kathie cathie | jill jyll | lynn lynne | marilyn marylin | margaret margret | marjorie margery
melissa mellissa | pamela pamala | phyllis phillis | rosemary rosemarie | sharon sharron | sheila shelia
shelley shelly | stephanie stefanie | sylvia silvia | tammy tammie | tiffany tiffani | valerie valarie | wendy wendi
dennis denis | derek derrick derick | darrell daryl darryl | darren darin daren | dominic dominick
douglas douglass | duane dwayne | frederick fredrick frederic | gary garry | glenn glen | harold herold
isaac issac | jacob jakob | jason jayson | jared jarod jarrod | jeremy jeramy | kenneth kennith | kevin kevan
lucas lukas | marcus markus | michael micheal | mitchell mitchel | neil neal | nathaniel nathanael | randall randal
russell russel | samuel samual | scott scot | stuart stewart | terrance terrence terence | theodore theodor
vincent vincient | william wiliam | alexander aleksander | amy aimee | arthur arther | brooke brook
candice candace | carly karly carlie | casey kasey | chelsea chelsey | claire clare | clark clarke | colin collin
cory corey | cynthia cinthia | debbie debby | elliot elliott | evan evin | haley hailey hayley | hannah hanna
jackie jacky | kayla kaila | kristi kristy | lucy lucie | mackenzie mckenzie | mindy mindi | nicole nichole
ricky rickey | robin robyn | shannon shanon | tonya tanya | trisha tricia | zoe zoey | guadalupe guadelupe
jesus hesus | yesenia jessenia | cesar caesar | hector ector | esteban estevan
dylan dillon dillan | kelly kelley kelli kellie
"""
SPELLING_OF = {name: names.split()[0] for names in _SPELLINGS.replace("\n", "|").split("|") for name in names.split()}
"""A spelling of a name to the usual one. No line joins names of a woman and of a man."""

SPANISH = {
    "alberto": "beto",
    "alejandra": "ale alex",
    "alejandro": "ale alex",
    "alfonso": "poncho",
    "alfredo": "fredo fred",
    "antonio": "tony tono",
    "beatriz": "betty bety",
    "carlos": "carlitos charlie",
    "concepcion": "concha conchita",
    "consuelo": "chelo",
    "cristina": "cris tina",
    "daniel": "dani danny",
    "dolores": "lola",
    "eduardo": "lalo eddie ed",
    "enrique": "kike quique",
    "ernesto": "neto",
    "felipe": "pipe",
    "fernando": "nando fer",
    "francisca": "paca paquita fran",
    "francisco": "paco pancho frank cisco",
    "gabriela": "gaby gabi",
    "gerardo": "jerry",
    "graciela": "chela",
    "gregorio": "goyo greg",
    "guadalupe": "lupe lupita",
    "guillermo": "memo",
    "ignacio": "nacho",
    "isabel": "chabela isa",
    "javier": "javi",
    "jesus": "chuy",
    "jorge": "coque",
    "jose": "pepe chepe",
    "josefina": "fina pepa",
    "juan": "juancho juanito",
    "leticia": "lety",
    "luis": "lucho luisito",
    "manuel": "manny manolo",
    "margarita": "mago",
    "maria": "mari marita",
    "mercedes": "meche",
    "miguel": "mike miguelito",
    "patricia": "paty pati",
    "pedro": "perico pedrito",
    "rafael": "rafa",
    "ramon": "moncho",
    "reynaldo": "rey",
    "ricardo": "ricky rick",
    "roberto": "beto rob",
    "rodolfo": "fito rudy",
    "rosario": "chayo charo",
    "salvador": "chava sal",
    "santiago": "santi chago",
    "sergio": "checo",
    "teresa": "tere",
    "veronica": "vero",
    "vicente": "chente vince",
}
"""Common Spanish names, which the list of the package `nicknames` lacks or has without their nicknames."""

ENGLISH = {"barbara": "barb", "katherine": "katie kathie", "kathleen": "katie kathy", "donald": "don donnie"}
"""Nicknames of English names that the package `nicknames` lacks."""

_MISTAKEN = """
robert bill | robert billy | roger bobby | joshua joe | jonathan jonnie | jonathan johnny | jonathan johny | ann nan
jonathan john | william bell | harold harry | barbara bobbie | jacqueline jack | andrew randy
"""
MISTAKEN = frozenset(tuple(pair.split()) for pair in _MISTAKEN.replace("\n", "|").split("|"))
"""Nicknames that the package `nicknames` has for a name, and that are usually another one's."""


@lru_cache(maxsize=1)
def groups() -> dict[str, tuple[int, ...]]:
    """Return the groups of each first name: one for each name that it stands for.

    Two names may be the same person's if they share a group: a nickname and its names, two nicknames of one name, and
    two spellings. Two formal names such as Christopher and Christine do not, although both have the nickname Chris.

    Examples
    --------
    >>> known = groups()
    >>> [bool({*known[one]} & {*known[other]}) for one, other in (("bob", "robert"), ("steven", "stephen"))]
    [True, True]
    >>> [bool({*known[one]} & {*known[other]}) for one, other in (("robert", "william"), ("andrew", "andrea"))]
    [False, False]
    """
    from nicknames import name_triplets

    stands_for: defaultdict[str, set[str]] = defaultdict(set)
    short = [(triplet.name1.casefold(), triplet.name2.casefold()) for triplet in name_triplets()]
    short += [(name, nickname) for name, those in (SPANISH | ENGLISH).items() for nickname in those.split()]
    for name, nickname in short:
        stands_for[name].add(_usual(name))
        if nickname not in FORMAL and (name, nickname) not in MISTAKEN:
            stands_for[nickname].add(_usual(name))
    for name in (*FORMAL, *SPELLING_OF):
        stands_for[name].add(_usual(name))
    numbers = {name: number for number, name in enumerate(sorted(set().union(*stands_for.values())))}
    return {name: tuple(sorted(numbers[formal] for formal in those)) for name, those in stands_for.items()}


def _usual(name: str) -> str:
    return SPELLING_OF.get(name, name)
