"""What speaks for or against a proposal, in French and English."""

from dataclasses import dataclass

REASONS = {
    "same": ("même nom", "same name"),
    "words": ("mêmes mots ou synonymes", "same words or synonyms"),
    "spelling": ("orthographe proche", "near spelling"),
    "description": ("la description de la colonne en parle", "the column's description speaks of it"),
    "left": ("mot non expliqué : {words}", "word not accounted for: {words}"),
    "whose": ("ne dit pas de qui", "does not say whose"),
    "values": ("valeurs conformes : {share} %", "values fit: {share} %"),
    "misfit": ("valeurs peu conformes : {share} %", "few values fit: {share} %"),
    "rival": ("une autre colonne convient presque autant", "another column fits nearly as well"),
    "point": ("deux coordonnées dans une cellule : {share} %", "two coordinates in one cell: {share} %"),
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
