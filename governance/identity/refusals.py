"""Why a token was not accepted: one code for each reason, with its words in French and English.

Kept apart from the checks because the API, the console's reason pages and the command line all show them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One reason: what happened (``text``) and what mends it (``remedy``), in both languages."""

    code: str
    text_fr: str
    text_en: str
    remedy_fr: str
    remedy_en: str


_NEW_TOKEN = ("Demandez un nouveau jeton à l'émetteur.", "Ask the issuer for a new token.")

REFUSALS: dict[str, Refusal] = {
    refusal.code: refusal
    for refusal in (
        Refusal(
            "token_missing",
            "Cette demande doit porter un jeton d'accès.",
            "This request must bear an access token.",
            "Ajoutez l'en-tête « Authorization: Bearer … » avec le jeton de votre organisme.",
            "Add the header “Authorization: Bearer …” with your organisation's token.",
        ),
        Refusal(
            "token_malformed",
            "Le jeton ne peut pas être lu : ce n'est pas un JWT signé.",
            "The token cannot be read: it is not a signed JWT.",
            "Copiez le jeton en entier, sans espace ni guillemet.",
            "Copy the whole token, without spaces or quotes.",
        ),
        Refusal(
            "token_algorithm_refused",
            "Le jeton n'est pas signé avec un algorithme admis (ES256 ou RS256).",
            "The token is not signed with an admitted algorithm (ES256 or RS256).",
            "Réglez l'émetteur sur ES256 ou RS256 ; un jeton sans signature n'est jamais admis.",
            "Set the issuer to ES256 or RS256; an unsigned token is never admitted.",
        ),
        Refusal(
            "token_key_unknown",
            "La clé qui a signé le jeton n'est pas publiée par l'émetteur.",
            "The key that signed the token is not published by the issuer.",
            *_NEW_TOKEN,
        ),
        Refusal(
            "token_forged",
            "La signature du jeton est fausse : il a été modifié ou signé par un autre.",
            "The token's signature is wrong: it was altered or signed by somebody else.",
            *_NEW_TOKEN,
        ),
        Refusal(
            "token_expired",
            "Le jeton a expiré.",
            "The token has expired.",
            "Demandez un nouveau jeton à l'émetteur ; s'il expire aussitôt, une horloge est décalée : prévenez "
            "l'exploitant de la plateforme.",
            "Ask the issuer for a new token; if it expires at once, a clock is off: tell the platform's operator.",
        ),
        Refusal(
            "token_used",
            "Ce jeton ne sert qu'une fois, et il a déjà servi.",
            "This token serves once, and it has been used.",
            *_NEW_TOKEN,
        ),
        Refusal(
            "token_not_yet_valid",
            "Le jeton n'est pas encore valable.",
            "The token is not valid yet.",
            "Attendez sa date de début, ou vérifiez l'horloge de l'émetteur.",
            "Wait for its start date, or check the issuer's clock.",
        ),
        Refusal(
            "token_wrong_issuer",
            "Le jeton vient d'un émetteur que la plateforme ne connaît pas.",
            "The token comes from an issuer the platform does not know.",
            "Demandez le jeton à l'émetteur de la plateforme.",
            "Ask the platform's own issuer for the token.",
        ),
        Refusal(
            "token_wrong_audience",
            "Le jeton a été émis pour un autre service.",
            "The token was issued for another service.",
            "Demandez un jeton destiné aux flux de la plateforme.",
            "Ask for a token meant for the platform's feeds.",
        ),
        Refusal(
            "token_wrong_kind",
            "Ce n'est pas un jeton d'accès, mais un jeton d'identité ou de rafraîchissement.",
            "This is not an access token but an identity or refresh token.",
            "Envoyez le jeton d'accès (« access_token »).",
            "Send the access token (“access_token”).",
        ),
        Refusal(
            "token_claim_missing",
            "Il manque au jeton une mention obligatoire (exp, iat, iss, aud ou sub).",
            "The token lacks a required claim (exp, iat, iss, aud or sub).",
            "Faites ajouter la mention par l'émetteur.",
            "Have the issuer add the claim.",
        ),
        Refusal(
            "token_without_organisation",
            "Le jeton ne dit pas pour quel organisme (SIREN) il est présenté.",
            "The token does not say for which organisation (SIREN) it is presented.",
            "Faites ajouter la mention « org » (SIREN à neuf chiffres) par l'émetteur.",
            "Have the issuer add the “org” claim (nine-digit SIREN).",
        ),
        Refusal(
            "sign_in_refused",
            "La connexion n'a pas abouti : le service d'identité ne la reconnaît pas, ou plus.",
            "The sign-in did not succeed: the identity service does not know it, or knows it no more.",
            "Connectez-vous de nouveau.",
            "Sign in again.",
        ),
        Refusal(
            "sign_in_lost",
            "Cette connexion n'a pas été commencée dans ce navigateur, ou il y a trop longtemps.",
            "This sign-in was not begun in this browser, or too long ago.",
            "Connectez-vous de nouveau, dans un seul onglet.",
            "Sign in again, in one tab.",
        ),
        Refusal(
            "issuer_silent",
            "Le service d'identité ne répond pas ; personne ne peut être reconnu.",
            "The identity service does not answer; nobody can be recognised.",
            "Réessayez plus tard ; si cela dure, prévenez l'exploitant de la plateforme.",
            "Try again later; if it lasts, tell the platform's operator.",
        ),
        Refusal(
            "issuer_unreachable",
            "Les clés publiques de l'émetteur ne peuvent pas être lues ; aucun jeton ne peut être vérifié.",
            "The issuer's public keys cannot be read; no token can be verified.",
            "Réessayez plus tard ; si cela dure, prévenez l'exploitant de la plateforme.",
            "Try again later; if it lasts, tell the platform's operator.",
        ),
    )
}


class TokenError(Exception):
    """A token was not accepted.

    Attributes:
        refusal: the reason, with its words. The token itself is never kept: an exception ends up in logs.
    """

    def __init__(self, code: str) -> None:
        self.refusal = REFUSALS[code]
        super().__init__(code)
