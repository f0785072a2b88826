"""School meals, after the national schema ``scdl-menus-collectifs`` 1.2.3."""

import json
from datetime import date, datetime, time, timedelta
from random import Random

from infra.town_halls.rows import Row
from infra.town_halls.towns import Town, siret_of

_COURSES = ("entrée", "plat principal", "garniture", "produit laitier", "dessert")
_DISHES = {
    "entrée": (("Carottes râpées", ()), ("Oeufs mayonnaise", ("oeufs", "moutarde")), ("Soupe de potiron", ("lait",))),
    "plat principal": (
        ("Lentilles à la tomate", ()),
        ("Colin au citron", ("poissons",)),
        ("Gratin de pâtes", ("céréales contenant du gluten", "lait")),
    ),
    "garniture": (("Haricots verts", ()), ("Riz", ()), ("Purée", ("lait",))),
    "produit laitier": (("Yaourt nature", ("lait",)), ("Fromage blanc", ("lait",))),
    "dessert": (("Pomme", ()), ("Compote de poires", ()), ("Gâteau au chocolat", ("oeufs", "lait"))),
}
_MEATLESS = {"Lentilles à la tomate", "Gratin de pâtes"}


def build(town: Town, random: Random, numbers: range) -> list[Row]:
    """One row per dish of a meal: five courses a day, by turns in two restaurants."""
    return [_dish(town, random, number) for number in numbers]


def _list(values: tuple[str, ...]) -> str | None:
    return json.dumps(values, ensure_ascii=False) if values else None


def _dish(town: Town, random: Random, number: int) -> Row:
    meal, course = divmod(number, len(_COURSES))
    school_day, restaurant = divmod(meal, 2)
    week, day = divmod(school_day, 4)
    served = date(2025, 9, 1) + timedelta(weeks=week, days=(0, 1, 3, 4)[day])
    kind = _COURSES[course]
    name, allergens = random.choice(_DISHES[kind])
    return {
        "menuCollNom": town.name,
        "menuCollSiret": town.siret,
        "menuEtablissementNom": "Cuisine centrale exemple",
        "menuEtablissementSiret": siret_of(town.siren, 9),
        "menuRestaurantNom": f"Restaurant scolaire exemple {restaurant + 1}",
        "menuRestaurantInsee": town.insee,
        "menuRestaurantId": None,
        "menuRestaurantIdType": "sans",
        "menuRestaurantType": ("maternelle", "élémentaire")[restaurant],
        "menuRestaurantConvive": "enfant",
        "menuDate": served,
        "menuRepasType": "déjeuner",
        "menuPlatType": kind,
        "menuPlatNom": name,
        "menuPlatCode": f"EX{number:05d}",
        "menuPlatSiqo": _list(("agriculture biologique",) if random.random() < 0.3 else ()),
        "menuPlatRegime": _list(("végétarien",) if name in _MEATLESS else ()),
        "menuPlatAllergene": _list(allergens),
        "menuPublicationDate": datetime.combine(served - timedelta(days=10), time(9, 30)),
    }
