"""Recipes: functions of frames that repair what is certain and list the rest."""
