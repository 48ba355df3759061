"""First and last names, their short forms, and how the same name is written at another time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_FIRST = (
    "Ada Alma Amir Ana Arjun Bea Ben Carl Cora Dan Dina Eli Elsa Emil Eva Finn Gail Gus Hana Hugo Ida Ines Ivan "
    "Jade Joel Juan Kara Kofi Lara Leo Lina Luis Mae Marco Mina Nadia Nils Nora Omar Otto Paula Pia Quinn Rafael "
    "Rita Rosa Sam Selma Siri Tara Theo Tia Uma Vera Victor Wanda Will Xenia Yara Zoe Aaron Abigail Adam Adrian "
    "Agnes Alan Albert Alex Alice Alicia Amanda Amber Amy Andrea Andrew Angela Anita Anthony April Arthur Audrey "
    "Barbara Benita Bernard Beth Beverly Bianca Blake Bonnie Brandon Brenda Brian Bridget Bruce Caleb Calvin "
    "Camille Carla Carmen Carol Casey Catherine Cecil Cedric Charles Cheryl Chloe Claire Clara Claudia Clinton "
    "Connie Corey Craig Crystal Curtis Cynthia Daisy Dale Daniela Darren David Dawn Dean Deborah Denise Dennis "
    "Derek Diana Diego Dolores Donald Doris Dorothy Douglas Duncan Edgar Edith Edward Eileen Elena Ellen Elliot "
    "Emily Eric Erica Ernest Esther Ethan Eugene Evelyn Faith Felix Fiona Florence Frances Frank Gabriel Gavin "
    "Gemma George Gerald Gina Gloria Gordon Grace Graham Greta Gregory Harold Harriet Harvey Heather Hector Helen "
    "Henry Herman Holly Howard Ian Imani Irene Iris Isaac Isabel Jack Jacob James Jamal Janet Jasmine Jason "
    "Jeffrey Jenna Jerome Jesse Jill Joan Jocelyn Jonah Jorge Joseph Joyce Julia Julian June Karen Karl Kate "
    "Keith Kelly Kenneth Kevin Kim Kurt Kyle Lakshmi Lance Laura Lauren Lawrence Leah Lena Leon Leslie Lewis "
    "Linda Lionel Lois Lorenzo Louise Lucas Lucy Lydia Lynn Mabel Malcolm Marcus Margaret Maria Marian Mark "
    "Martha Martin Marvin Mason Matthew Maureen Maxine Megan Melissa Mercedes Michael Mildred Miles Miriam Molly "
    "Monica Morgan Nancy Naomi Natalie Nathan Neil Nicholas Nicole Nigel Norman Olga Oliver Olivia Oscar Owen "
    "Pamela Patrick Paul Pearl Penny Peter Philip Phoebe Priya Rachel Ralph Ramona Raymond Rebecca Regina Renee "
    "Rhonda Ricardo Richard Robert Robin Roger Ronald Rose Roy Ruben Ruth Ryan Sabrina Sally Sandra Sara Scott "
    "Sean Sergio Seth Shane Sharon Sheila Shirley Simon Sofia Sonia Spencer Stacy Stella Stephen Stuart Susan "
    "Sylvia Tamara Teresa Thomas Tim Toby Todd Tomas Tracy Trent Trevor Tyler Ursula Valerie Vanessa Vernon "
    "Vincent Viola Violet Virgil Walter Warren Wayne Wendy Wesley Winston Yolanda Yusuf Yvonne Zachary"
)
_SPANISH = "Alejandro Antonio Consuelo Eduardo Enrique Francisco Guadalupe Ignacio Jesus Jose Roberto Rosario"
DRAWN_FIRST = len(_FIRST.split())
"""Those drawn for everybody, the first ones of all."""
FIRST = [*_FIRST.split(), *_SPANISH.split()]
_LAST = (
    "Abbott Alvarez Anders Baird Banks Bell Benson Blum Boyd Brandt Cano Castillo Chen Clay Cole Cruz Dahl Diaz "
    "Doyle Duarte Engel Ewing Faber Flores Frost Garza Gibbs Grant Hale Haas Holt Ibarra Ingram Jansen Jimenez "
    "Kaur Keller Khan Klein Lang Lopez Lund Marsh Mendez Meyer Moreno Nash Nguyen Novak Oakes Ochoa Olsen Ortega "
    "Park Patel Perez Quist Ramos Reyes Rhodes Salas Sato Schmidt Silva Stone Tran Ueda Vance Vega Wolff Yates "
    "Zamora O'Neil D'Souza Müller Núñez"
)
_STARTS = (
    "Alder Ash Barn Beck Black Brad Bran Brook Bur Carl Chad Clay Clif Col Cran Dal Dan Den Dun East Ed Fair Far "
    "Fen Flet Gar Gil Glen Gold Gran Green Hal Ham Har Hart Haw Hazel Hol Hunt Kings Lang Law Lin Lock Long Lyn "
    "Mar May Mel Mil Mor New Nor Oak Pem Pres Red Rock Rother Ruther San Shel Sher Stan Stock Sud Thorn Wake Wal "
    "War Wel West Whit Wil Win Wood Wyn"
)
_ENDS = (
    "borough bridge brook burn bury by cliff cote croft dale den don field ford gate ham hurst land leigh ley low "
    "man mere more ridge shaw stead ston stone thorpe ton vale ward water way well wick wood worth"
)
LAST = [
    *_LAST.split(),
    *(start + end for end in _ENDS.split() for start in _STARTS.split() if not start.lower().startswith(end)),
]


_NICKNAMES = """
Abigail Abby; Adrian Ade; Albert Al Bert; Alejandro Alex Jandro; Alice Ali; Amanda Mandy; Andrea Andie; Andrew Andy
Drew; Angela Angie; Anita Annie; Anthony Tony; Antonio Toño; Arthur Art; Audrey Dee; Barbara Barb Babs; Bernard
Bernie; Beth Betty; Beverly Bev; Bridget Biddy; Calvin Cal; Camille Cami; Carmen Carmelita; Catherine Cathy Kate;
Charles Charlie Chuck; Cheryl Cher; Claudia Clau; Clinton Clint; Connie Con; Consuelo Chelo; Crystal Crys; Curtis
Curt; Cynthia Cindy; Daniela Dani; David Dave; Deborah Deb Debbie; Dennis Denny; Derek Rick; Diana Di; Dolores Lola;
Donald Don Donnie; Dorothy Dot Dottie; Douglas Doug; Edgar Ed; Edith Edie; Eduardo Lalo; Edward Ed Ted Eddie; Elena
Nena; Ellen Ellie; Emily Em; Enrique Quique Kike; Ernest Ernie; Esther Essie; Eugene Gene; Evelyn Evie; Florence Flo;
Frances Fran; Francisco Paco Pancho; Frank Frankie; Gabriel Gabe; George Georgie; Gerald Jerry; Gloria Glo; Gregory
Greg; Guadalupe Lupe Lupita; Harold Hal Harry; Harvey Harv; Helen Nell; Henry Hank; Herman Herm; Howard Howie;
Ignacio Nacho; Isaac Ike; Isabel Chabela Izzy; Jacob Jake; James Jim Jimmy; Janet Jan; Jason Jay; Jeffrey Jeff; Jerome
Jerry; Jesus Chuy; Jocelyn Joss; Jose Pepe Joe; Joseph Joe Joey; Juan Juanito; Julia Jules; Karen Kari; Kenneth Ken
Kenny; Kevin Kev; Laura Lori; Lawrence Larry; Leon Lee; Lorenzo Lencho; Louise Lou; Luis Lucho; Lucas Luke; Malcolm
Mal; Margaret Peggy Maggie Meg; Maria Mari; Martha Marty; Martin Marty; Marvin Marv; Matthew Matt; Maureen Mo; Megan
Meg; Melissa Missy; Mercedes Meche; Michael Mike Mick; Mildred Millie; Monica Moni; Natalie Nat; Nathan Nate; Nicholas
Nick; Nicole Nicki; Norman Norm; Oliver Ollie; Olivia Liv; Pamela Pam; Patrick Pat; Peter Pete; Philip Phil; Rachel
Rach; Rafael Rafa; Ralph Ralphie; Ramona Mona; Raymond Ray; Rebecca Becky; Regina Gina; Ricardo Richi; Richard Rick
Dick Rich; Robert Bob Rob Bobby; Roberto Beto; Roger Rodge; Ronald Ron Ronnie; Rosa Rosita; Rosario Charo; Ruben Rube;
Sabrina Bri; Sandra Sandy; Sergio Checo; Sharon Shari; Sofia Sofi; Stephen Steve; Stuart Stu; Susan Sue Suzie; Sylvia
Syl; Tamara Tammy; Teresa Tere Terri; Thomas Tom Tommy; Tomas Tomasito; Trevor Trev; Valerie Val; Vanessa Nessa;
Vernon Vern; Victor Vic; Vincent Vince Vinny; Walter Walt; Warren Ren; Wesley Wes; Winston Win; Yolanda Yoli; Yvonne
Evie; Zachary Zack
"""
NICKNAMES = {name: short for name, *short in (entry.split() for entry in _NICKNAMES.split(";"))}


_NEIGHBORS = dict(zip("abcdefghijklmnopqrstuvwxyz", "snvsrdghukjlknipwedriexdtx", strict=True))
_INITIALS = "ABCDEGHJKLMNRSTW"
_TITLES = ("Mr.", "Mrs.", "Ms", "Dr.")
_SHORT = {"Property Group": "Prop Grp", "Auto Repair": "Auto", "Apartments": "Apts", "Dental": "Dental Ofc"}
_LEGAL_FORMS = (" LLC", " Inc", ", Inc.", " Co.", ", L.L.C.")


def typo(rng: Random, text: str) -> str:
    """Return a text in which one letter is missing, double, swapped with the next, or its neighbor on the keyboard.

    The first letter of a word stays; so does a text that is too short.
    """
    able = [at for at in range(1, len(text) - 1) if text[at - 1 : at + 2].isalpha()]
    if not able:
        return text
    at, kind = rng.choice(able), rng.randrange(4)
    before, letter, after = text[:at], text[at], text[at + 1 :]
    if kind == 0 and letter != after[0]:
        return before + after[0] + letter + after[1:]
    if kind == 1:
        return before + after
    if kind == 2:
        return before + letter + letter + after
    return before + _NEIGHBORS.get(letter, "e") + after


def other_digit(rng: Random, digits: str) -> str:
    """Return digits of which the last but one differs."""
    return digits[:-2] + str((int(digits[-2]) + rng.randrange(1, 10)) % 10) + digits[-1]


def _typo_in_name(rng: Random, first: str, last: str) -> str:
    return f"{typo(rng, first)} {last}" if rng.random() < 0.4 else f"{first} {typo(rng, last)}"


def _nickname(rng: Random, first: str, last: str) -> str:
    return f"{rng.choice(NICKNAMES[first])} {last}" if first in NICKNAMES else _initial_only(rng, first, last)


def _swapped(rng: Random, first: str, last: str) -> str:
    return f"{last}, {first}" if rng.random() < 0.6 else f"{last} {first}"


def _middle_initial(rng: Random, first: str, last: str) -> str:
    return f"{first} {rng.choice(_INITIALS)}{rng.choice(('', '.'))} {last}"


def _initial_only(_: Random, first: str, last: str) -> str:
    return f"{first[0]}. {last}"


def _titled(rng: Random, first: str, last: str) -> str:
    return f"{rng.choice(_TITLES)} {first} {last}"


def _legal_form(rng: Random, owner: str, trade: str) -> str:
    return f"{owner} {trade}{rng.choice(_LEGAL_FORMS)}"


def _abbreviated(rng: Random, owner: str, trade: str) -> str:
    return f"{owner} {_SHORT[trade]}" if trade in _SHORT else _legal_form(rng, owner, trade)


def _possessive(_: Random, owner: str, trade: str) -> str:
    return f"{owner}'s {trade}"


def _typo_in_firm(rng: Random, owner: str, trade: str) -> str:
    return f"{typo(rng, owner)} {trade}"


Spell = Callable[[Random, str, str], str]
SAME_NAME, RENAMED = "same name", "renamed"
OF_PERSON: tuple[tuple[str, float, Spell | None], ...] = (
    (SAME_NAME, 0.45, None),
    ("typo in name", 0.17, _typo_in_name),
    ("nickname", 0.15, _nickname),
    ("swapped name", 0.07, _swapped),
    ("middle initial", 0.05, _middle_initial),
    ("initial only", 0.04, _initial_only),
    ("title", 0.03, _titled),
    (RENAMED, 0.04, None),
)
"""How the name of a person is written the next time: kind, share, and a function of first and last name."""
OF_FIRM: tuple[tuple[str, float, Spell | None], ...] = (
    (SAME_NAME, 0.42, None),
    ("legal form", 0.22, _legal_form),
    ("abbreviated name", 0.12, _abbreviated),
    ("possessive", 0.08, _possessive),
    ("typo in name", 0.16, _typo_in_firm),
)
"""The same for a firm, of the last name and trade in its name."""
