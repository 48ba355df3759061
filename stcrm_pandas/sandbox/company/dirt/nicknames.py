"""Short forms of first names, English and Spanish."""

from __future__ import annotations

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
