"""Which first names may be the same person's: nicknames and the names that they stand for."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

SPANISH = {
    "alberto": "beto",
    "alejandra": "ale alex sandra",
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
    "margarita": "mago rita",
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


ENGLISH = {"barbara": "barb", "katherine": "katie kathie", "kathleen": "katie", "catherine": "katie"}
"""Common nicknames that the list of the package `nicknames` lacks."""


@lru_cache(maxsize=1)
def groups() -> dict[str, tuple[int, ...]]:
    """Return the groups of each first name: one for each name that it stands for, and one for itself.

    Two names may be the same person's if they share a group. Christopher and Christine do not, although both have the
    nickname Chris.
    """
    from nicknames import name_triplets

    stands_for: defaultdict[str, set[str]] = defaultdict(set)
    for triplet in name_triplets():
        stands_for[triplet.name2.casefold()].add(triplet.name1.casefold())
        stands_for[triplet.name1.casefold()].add(triplet.name1.casefold())
    for name, short in (SPANISH | ENGLISH).items():
        for nickname in (name, *short.split()):
            stands_for[nickname].add(name)
    numbers = {name: number for number, name in enumerate(sorted(set().union(*stands_for.values())))}
    return {name: tuple(sorted(numbers[one] for one in those)) for name, those in stands_for.items()}
