"""First and last names: enough that few of ten thousand people share both."""

from __future__ import annotations

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
