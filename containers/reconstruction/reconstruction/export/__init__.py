"""The trained scene as what the user gets: a stage for simulators, and files for the rest."""
