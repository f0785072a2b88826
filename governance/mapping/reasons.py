"""What speaks for or against a proposal, in French and English."""

from dataclasses import dataclass

REASONS = {
    "same": ("même nom", "same name"),
    "words": ("mêmes mots ou synonymes", "same words or synonyms"),
    "spelling": ("orthographe proche", "near spelling"),
    "description": ("la description de la colonne en parle", "the column's description speaks of it"),
    "left": ("mot non expliqué : {words}", "word not accounted for: {words}"),
    "implied": (
        "ne dit pas que c'est cela, seules ses valeurs peuvent le dire",
        "does not say it is that; only values can",
    ),
    "less": ("dit moins que le nom de la colonne", "says less than the column's name"),
    "whose": ("ne dit pas de qui", "does not say whose"),
    "values": ("valeurs conformes : {share} %", "values fit: {share} %"),
    "misfit": ("valeurs peu conformes : {share} %", "few values fit: {share} %"),
    "rival": ("une autre colonne convient presque autant", "another column fits nearly as well"),
    "point": ("deux coordonnées dans une cellule : {share} %", "two coordinates in one cell: {share} %"),
    "codes": ("autres mots pour les valeurs de la liste : {share} %", "other words for the list's values: {share} %"),
    "join": ("plusieurs cellules mises bout à bout : {share} % conformes", "several cells put together: {share} % fit"),
    "address": ("adresse entière dans une cellule : {share} %", "a whole address in one cell: {share} %"),
    "communes": ("nom d'une commune de la fédération : {share} %", "name of a commune of the federation: {share} %"),
    "split": ("une cellule pour deux colonnes : {share} % se partagent", "one cell for two columns: {share} % part"),
    "constant": ("absente du fichier ; déclarée par le membre", "not in the file; declared by the member"),
    "constant-elsewhere": (
        "absente du fichier ; le membre la déclare pour un autre fichier",
        "not in the file; the member declares it for another file",
    ),
    "constant-siret": (
        "absente du fichier ; SIRET du premier établissement, d'après le SIREN déclaré : à comparer avec le vôtre",
        "not in the file; SIRET of the first establishment, after the declared SIREN: compare it with yours",
    ),
    "person": ("dit par une personne", "said by a person"),
    "empty": ("aucune valeur à examiner", "no value to look at"),
}


@dataclass(frozen=True)
class Reason:
    """One piece of evidence; ``share`` is a percentage of the sampled values, ``words`` those of the header."""

    code: str
    share: int | None = None
    words: str = ""

    def text(self, language: str) -> str:
        """Return it in words."""
        return REASONS[self.code][language == "en"].format(share=self.share, words=self.words)
