"""What the API says when it cannot answer: one code for each reason, with its words in French and English.

Reasons of the policy engine come with their decision; these are the API's own, in the same shape.
"""

from governance.decisions.model import Reason
from governance.identity.refusals import REFUSALS

_RULE = "governance.api"

_WORDS: dict[str, tuple[str, str, str, str]] = {
    "dataset_not_found": (
        "Il n'y a pas de jeu de données « {dataset} ».",
        "There is no dataset “{dataset}”.",
        "Choisissez un jeu de la liste : /v1/feeds.",
        "Choose a dataset of the list: /v1/feeds.",
    ),
    "contract_version_unknown": (
        "Le jeu « {dataset} » ne se lit pas par une version « {value} » de son contrat (paramètre « contract »).",
        "The dataset “{dataset}” cannot be read by a version “{value}” of its contract (parameter “contract”).",
        "Versions majeures qui se lisent : {known}.",
        "Major versions that can be read: {known}.",
    ),
    "contract_version_ended": (
        "La version {version} du contrat de « {dataset} » n'est plus servie depuis le {day}.",
        "Version {version} of the contract of “{dataset}” has not been served since {day}.",
        "Lisez la version {now} : le même flux sans « contract ». Sa description dit ce que chaque colonne contient.",
        "Read version {now}: the same feed without “contract”. Its description says what each column holds.",
    ),
    "dataset_without_data": (
        "Le jeu « {dataset} » n'a pas encore de données.",
        "The dataset “{dataset}” has no data yet.",
        "Revenez après la prochaine collecte.",
        "Come back after the next collection.",
    ),
    "dataset_withdrawn": (
        "Le jeu de données « {dataset} » n'est plus publié depuis le {day}.",
        "The dataset “{dataset}” has not been published since {day}.",
        "Retirez-le de votre catalogue. S'il rouvre un jour, ce sera à la même adresse.",
        "Take it out of your catalogue. Should it be opened again, it will be at the same address.",
    ),
    "page_not_found": (
        "Cette adresse n'existe pas.",
        "This address does not exist.",
        "Partez de l'accueil ou de la documentation de l'API.",
        "Start from the home page or the API's documentation.",
    ),
    "nothing_held": (
        "Ce fichier n'attend plus de confirmation.",
        "This file waits for no confirmation any more.",
        "Ouvrez la page de la commune : un fichier plus récent est peut-être arrivé.",
        "Open the page of the town hall: a later file may have come.",
    ),
    "impact_not_found": (
        "Cette réponse n'est pas ou plus gardée.",
        "This answer is not kept, or no more.",
        "Posez la question de nouveau, depuis la page des règles.",
        "Ask the question again, from the policies page.",
    ),
    "too_many_requests": (
        "Trop de demandes viennent de votre adresse en même temps.",
        "Too many requests come from your address at once.",
        "Attendez une seconde (Retry-After), puis recommencez ; un fichier entier remplace mille pages.",
        "Wait a second (Retry-After), then try again; one whole file takes the place of a thousand pages.",
    ),
    "service_not_answering": (
        "La plateforme ne répond pas en ce moment ; rien n'est perdu.",
        "The platform does not answer at the moment; nothing is lost.",
        "Recommencez dans quelques secondes (Retry-After).",
        "Try again in a few seconds (Retry-After).",
    ),
    "copy_too_large": (
        "Ce fichier a plus d'un million de cellules : sa copie est trop longue à faire pendant que vous attendez.",
        "This file has more than a million cells: its corrected copy takes too long to make while you wait.",
        "Demandez-la à la fédération, qui la fait par : archipel report {run} --to a-corriger.xlsx. La liste des "
        "erreurs en CSV, sur la page de l'accusé, dit la même chose ligne par ligne.",
        "Ask the federation for it, which makes it with: archipel report {run} --to to-mend.xlsx. The list of faults "
        "as CSV, on the receipt's page, says the same line by line.",
    ),
    "copy_too_long": (
        "Ce fichier a plus de lignes qu'une feuille de tableur ne peut en contenir : il n'y en a pas de copie.",
        "This file has more rows than a sheet of a spreadsheet can hold: there is no copy of it.",
        "Prenez la liste des erreurs en CSV, sur la page de l'accusé, ou par : "
        "archipel report {run} --to a-corriger.csv.",
        "Take the list of faults as CSV, on the receipt's page, or with: archipel report {run} --to to-mend.csv.",
    ),
    "copy_without_table": (
        "Aucun tableau n'a été lu pendant ce passage, ou le fichier reçu n'est plus gardé : il n'y a rien à copier.",
        "No table was read in this run, or the received file is kept no more: there is nothing to copy.",
        "Ouvrez l'accusé : il dit ce qui est arrivé et ce qu'il faut faire.",
        "Open the receipt: it says what came and what to do.",
    ),
    "method_not_allowed": (
        "Cette adresse ne se lit qu'avec la méthode GET.",
        "This address is read with the GET method only.",
        "Envoyez la même demande avec GET.",
        "Send the same request with GET.",
    ),
    "format_not_available": (
        "Aucun des formats demandés n'est disponible.",
        "None of the requested formats is available.",
        "Formats de ce flux : {possible} (format=… ou l'en-tête Accept).",
        "Formats of this feed: {possible} (format=… or the header Accept).",
    ),
    "format_needs_geometry": (
        "Ce flux n'a pas de géométrie que vous puissiez voir : le format {format} ne peut pas en être fait.",
        "This feed has no geometry that you may see: the format {format} cannot be made of it.",
        "Demandez un autre format, json ou csv par exemple.",
        "Ask for another format, json or csv for instance.",
    ),
    "bbox_needs_geometry": (
        "Ce flux n'a pas de géométrie que vous puissiez voir : « bbox » ne s'y applique pas.",
        "This feed has no geometry that you may see: “bbox” does not apply to it.",
        "Filtrez par une colonne.",
        "Filter by a column.",
    ),
    "bbox_unreadable": (
        "« {value} » n'est pas un rectangle (paramètre « bbox »).",
        "“{value}” is not a box (parameter “bbox”).",
        "Attendu : ouest,sud,est,nord en degrés, par exemple bbox=-2.3,47.2,-2.0,47.4.",
        "Expected: west,south,east,north in degrees, such as bbox=-2.3,47.2,-2.0,47.4.",
    ),
    "version_unreadable": (
        "« {value} » n'est ni le nom d'une version connue ni un instant (paramètre « at »).",
        "“{value}” is neither the name of a known version nor an instant (parameter “at”).",
        "Attendu : la valeur d'un en-tête Archipel-Data-Version, ou un instant comme 2026-01-31T12:00:00Z.",
        "Expected: the value of a header Archipel-Data-Version, or an instant such as 2026-01-31T12:00:00Z.",
    ),
    "version_unknown": (
        "Aucune version des données n'est connue pour « {value} ».",
        "No version of the data is known for “{value}”.",
        "Choisissez un instant plus récent, ou lisez sans « at ».",
        "Choose a later instant, or read without “at”.",
    ),
    "version_of_another_contract": (
        "Cette version a été faite sous le contrat {then} ; celui d'aujourd'hui est {now}, et ses règles ne s'y "
        "appliquent pas sûrement.",
        "That version was made under contract {then}; today's is {now}, whose rules do not surely apply to it.",
        "Lisez une version plus récente ; la fédération peut refaire un état ancien.",
        "Read a later version; the federation can make an old state again.",
    ),
    "since_unreadable": (
        "« {value} » n'est pas ce que « since » attend.",
        "“{value}” is not what “since” expects.",
        "Passez la valeur de l'en-tête Archipel-Next-Since d'une réponse précédente de ce flux.",
        "Pass the value of the header Archipel-Next-Since of an earlier answer of this feed.",
    ),
    "since_outdated": (
        "Vos droits ont changé depuis, ou cette version n'est plus servie : les différences ne suffiraient pas.",
        "Your rights have changed since, or that version is served no more: the differences would not be enough.",
        "Relisez le flux entier et remplacez ce que vous avez ; sa réponse donne le prochain « since ».",
        "Read the whole feed again and replace what you have; its answer gives the next “since”.",
    ),
    "collection_without_geometry": (
        "Le jeu « {dataset} » n'a pas de géométrie que vous puissiez voir : ce n'est pas une collection d'objets.",
        "The dataset “{dataset}” has no geometry that you may see: it is no collection of features.",
        "Lisez-le par /v1/feeds/{dataset}.",
        "Read it by /v1/feeds/{dataset}.",
    ),
    "feature_unknown": (
        "Il n'y a pas d'objet « {feature} » que vous puissiez voir dans « {dataset} ».",
        "There is no feature “{feature}” that you may see in “{dataset}”.",
        "Prenez l'identifiant dans la liste des objets.",
        "Take the id from the list of features.",
    ),
    "quota_exceeded": (
        "Cette convention permet {requests} demandes en {seconds} secondes, et elles sont faites.",
        "This agreement allows {requests} requests in {seconds} seconds, and they have been made.",
        "Revenez dans {wait} secondes ; prenez le flux entier plutôt que page par page, et « since » plutôt que tout.",
        "Come again in {wait} seconds; take the whole feed rather than its pages, and “since” rather than all of it.",
    ),
    "too_many_values": (
        "La colonne « {column} » est comparée à plus de {most} valeurs.",
        "The column “{column}” is compared with more than {most} values.",
        "Demandez en plusieurs fois.",
        "Ask in several requests.",
    ),
    "column_unknown": (
        "La colonne « {column} » n'existe pas dans ce flux.",
        "The column “{column}” does not exist in this feed.",
        "Colonnes possibles : {visible}.",
        "Possible columns: {visible}.",
    ),
    "column_hidden": (
        "La colonne « {column} » ne vous est pas ouverte : elle ne peut être ni lue, ni filtrée, ni triée.",
        "The column “{column}” is not open to you: it can be neither read, filtered nor sorted.",
        "Colonnes possibles : {visible}. Une convention peut en ouvrir d'autres.",
        "Possible columns: {visible}. An agreement may open others.",
    ),
    "operator_unknown": (
        "L'opérateur « {operator} » ne s'applique pas à la colonne « {column} ».",
        "The operator “{operator}” does not apply to the column “{column}”.",
        "Opérateurs possibles pour elle : {possible}.",
        "Possible operators for it: {possible}.",
    ),
    "value_unreadable": (
        "« {value} » n'est pas une valeur de la colonne « {column} » (attendu : {expected}).",
        "“{value}” is not a value of the column “{column}” (expected: {expected}).",
        "Écrivez la valeur comme dans le flux.",
        "Write the value as in the feed.",
    ),
    "parameter_invalid": (
        "Le paramètre « {parameter} » n'a pas une valeur possible.",
        "The parameter “{parameter}” does not have a possible value.",
        "Attendu : {expected}.",
        "Expected: {expected}.",
    ),
    "cursor_invalid": (
        "Ce curseur n'a pas été donné par la plateforme pour cette demande.",
        "This cursor was not given by the platform for this request.",
        "Suivez le lien « next » tel quel, sans changer les autres paramètres.",
        "Follow the “next” link as it is, without changing the other parameters.",
    ),
    "cursor_outdated": (
        "Vos droits ou la demande ont changé depuis la première page, ou sa version n'est plus connue.",
        "Your rights or the question have changed since the first page, or its version is known no more.",
        "Recommencez à la première page.",
        "Start again from the first page.",
    ),
    "purpose_conflict": (
        "La finalité de l'adresse et celle de l'en-tête diffèrent.",
        "The purpose in the address and the one in the header differ.",
        "N'envoyez qu'une finalité.",
        "Send one purpose only.",
    ),
    "file_taken_away": (
        "Le fichier de ce flux a été remplacé ou retiré pendant qu'on l'ouvrait ; rien n'a été transmis.",
        "The file of this feed was replaced or taken away while it was being opened; nothing was handed over.",
        "Redemandez-le dans quelques secondes : il sera refait, si vos droits valent encore.",
        "Ask for it again in a few seconds: it will be made again, if your rights still hold.",
    ),
    "query_too_long": (
        "La lecture a dépassé le temps permis.",
        "Reading took longer than allowed.",
        "Filtrez davantage, ou demandez le fichier entier.",
        "Filter further, or ask for the whole file.",
    ),
    "internal_error": (
        "Une erreur inattendue s'est produite ; rien n'a été transmis.",
        "An unexpected error occurred; nothing was handed over.",
        "Réessayez ; si cela dure, donnez à l'exploitant le numéro {error_id}.",
        "Try again; if it lasts, give the operator the number {error_id}.",
    ),
    "sign_in_required": (
        "Cette page demande de savoir qui vous êtes.",
        "This page needs to know who you are.",
        "Connectez-vous.",
        "Sign in.",
    ),
    "sign_in_closed": (
        "Cette page est réservée, et personne ne peut se connecter ici : la plateforme est ouverte sur une adresse "
        "publique sans service d'identité.",
        "This page is reserved, and nobody can sign in here: the platform is open at a public address without an "
        "identity service.",
        "Ouvrez-la sur la machine de la plateforme, ou indiquez un service d'identité (ARCHIPEL_KEYCLOAK_URL).",
        "Open it on the platform's own machine, or name an identity service (ARCHIPEL_KEYCLOAK_URL).",
    ),
    "role_needed": (
        "Votre compte n'a pas le rôle que cette page demande.",
        "Your account does not have the role that this page needs.",
        "Un de ces rôles l'ouvrirait : {roles_fr}. La fédération les attribue.",
        "One of these roles would open it: {roles_en}. The federation assigns them.",
    ),
    "not_your_member": (
        "Vos rôles ne valent pas pour {member} : on n'y dépose pas de fichier à sa place.",
        "Your roles do not count for {member}: nobody hands in a file in its stead.",
        "Une personne de {member}, ou la fédération, peut le faire.",
        "Somebody of {member}, or the federation, may do so.",
    ),
    "form_not_ours": (
        "Ce formulaire ne vient pas d'une page ouverte dans votre session ; rien n'a été fait.",
        "This form does not come from a page opened in your session; nothing was done.",
        "Rouvrez la page et recommencez.",
        "Open the page again and start over.",
    ),
    "policy_engine_not_ready": (
        "Le moteur de décision ne répond pas avec les règles en vigueur : rien ne sort.",
        "The policy engine does not answer by the policies in force: nothing leaves.",
        "Sur la machine : archipel policy status dit pourquoi ; make run le relance.",
        "On the machine: archipel policy status says why; make run starts it again.",
    ),
    "database_not_ready": (
        "La base de données de l'état ne répond pas : rien n'est écrit, donc rien ne sort.",
        "The database of the state does not answer: nothing is written, so nothing leaves.",
        "Sur la machine : make status, puis make logs ; un disque plein en est souvent la cause.",
        "On the machine: make status, then make logs; a full disk is often the cause.",
    ),
    "no_room_left": (
        "Plus de place sur le disque de la plateforme : rien n'est écrit, donc rien ne sort ; rien n'est perdu.",
        "No room left on the platform's disk: nothing is written, so nothing leaves; nothing is lost.",
        "Sur la machine : df -h dit quel disque est plein. Faites de la place ; la plateforme reprend d'elle-même.",
        "On the machine: df -h says which disk is full. Make room; the platform goes on by itself.",
    ),
    "clock_apart": (
        "Les horloges ne sont pas d'accord : celle de {service} {way_fr} de {minutes} min sur celle de cette machine.",
        "The clocks do not agree: that of {service} is {minutes} min {way_en} of this machine's.",
        "Mettez les deux machines à l'heure (timedatectl dit si elles le sont). D'ici là, de bons jetons peuvent être "
        "refusés, et des accords commencer ou finir à une autre heure que prévu.",
        "Set both machines right (timedatectl says whether they are). Until then good tokens may be refused, and "
        "agreements begin or end at another hour than agreed.",
    ),
    "shared_layer_not_readable": (
        "Un fichier de la couche partagée manque ou ne peut pas être lu.",
        "A file of the shared layer is missing or cannot be read.",
        "Lancer archipel harmonise, qui la refait à partir des lignes acceptées ; sinon rétablir la sauvegarde.",
        "Run archipel harmonise, which makes it again from the accepted rows; else restore the backup.",
    ),
}
CODES = tuple(_WORDS)


class _Blank(dict[str, str]):
    """Leaves a gap where a general page has no particular value to show."""

    def __missing__(self, key: str) -> str:
        return "…"


def reason(code: str, **values: str) -> Reason:
    """Return the API's reason of that code, its sentences filled with values.

    Raises:
        KeyError: the API has no such reason.
    """
    text_fr, text_en, change_fr, change_en = (words.format_map(_Blank(values)) for words in _WORDS[code])
    return Reason(code=code, rule=_RULE, text_fr=text_fr, text_en=text_en, change_fr=change_fr, change_en=change_en)


def token_reason(code: str) -> Reason:
    """Return the reason of a refused token, in the shape of every other reason.

    Raises:
        KeyError: there is no such refusal.
    """
    words = REFUSALS[code]
    return Reason(
        code=code,
        rule="governance.identity",
        text_fr=words.text_fr,
        text_en=words.text_en,
        change_fr=words.remedy_fr,
        change_en=words.remedy_en,
    )
