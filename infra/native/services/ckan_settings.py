"""What CKAN is told: only what differs from its defaults, with the reason where it is not plain."""

import json
from pathlib import Path

from governance.federation import Federation, Head, load_federation
from governance.kept_secrets import kept_secret
from governance.settings import Settings
from infra.native.services.databases import database_address
from infra.native.services.redis import redis_address
from infra.native.services.solr import solr_address

PLUGINS = (
    "archipel activity datastore datatables_view text_view dcat structured_data "
    "scheming_datasets scheming_organizations"
)

_LOGGING = """
[loggers]
keys = root

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(asctime)s %(levelname)-5.5s [%(name)s] %(message)s
"""


def _introduction(head: Head) -> str:
    """One line, since the file has no other: Markdown's own breaks are not to be had."""
    return (
        f"**Les données ouvertes de {head.short_name}** : {head.name}, ses communes et leurs partenaires publient ici, "
        "chacun sous son nom, des jeux de données harmonisés. Chaque ligne a été contrôlée selon un contrat de données."
    )


def _site(head: Head, address: str) -> dict[str, str]:
    return {
        "ckan.site_id": "archipel",
        "ckan.site_url": address,
        "ckan.site_title": f"Données ouvertes de {head.short_name}",
        "ckan.site_about": _introduction(head),
        "ckan.site_description": f"Jeux de données ouverts des communes et partenaires : {head.name}",
        # Its name instead of CKAN's mark.
        "ckan.site_logo": "",
        "ckan.site_intro_text": _introduction(head),
        "ckan.locale_default": "fr",
        "ckan.locales_offered": "fr en",
        "ckan.display_timezone": "Europe/Paris",
        "ckan.auth.anon_create_dataset": "false",
        "ckan.auth.create_user_via_web": "false",
        # By itself CKAN lets anybody with an account make organisations, groups and datasets of nobody.
        "ckan.auth.user_create_organizations": "false",
        "ckan.auth.user_create_groups": "false",
        "ckan.auth.user_delete_organizations": "false",
        "ckan.auth.user_delete_groups": "false",
        "ckan.auth.create_unowned_dataset": "false",
        "ckan.auth.create_dataset_if_not_in_organization": "false",
        # Otherwise each page with a person on it tells a stranger's server who looks at whom.
        "ckan.gravatar_default": "disabled",
        "ckan.auth.create_user_via_api": "false",
        "ckan.auth.public_user_details": "false",
        "ckan.views.default_views": "datatables_view",
        "ckan.activity_streams_email_notifications": "false",
    }


def _places(settings: Settings, folder: Path, extension: Path) -> dict[str, str]:
    return {
        "sqlalchemy.url": database_address(settings, "ckan"),
        "ckan.datastore.write_url": database_address(settings, "datastore", "ckan"),
        "ckan.datastore.read_url": database_address(settings, "datastore", "datastore_reader"),
        # Arbitrary SQL of strangers is not asked for: rows are searched through the other call, with its limits.
        "ckan.datastore.sqlsearch.enabled": "false",
        "solr_url": solr_address(settings),
        "ckan.redis.url": redis_address(settings, 0),
        "ckan.storage_path": str(folder / "storage"),
        "licenses_group_url": (extension / "archipel_ckan" / "licences.json").as_uri(),
    }


def _extensions(settings: Settings, federation: Federation) -> dict[str, str]:
    head = federation.head
    publisher = (federation.by_siren.get(head.siren) or head).id
    return {
        "ckan.plugins": PLUGINS,
        "scheming.dataset_schemas": "archipel_ckan:dataset.yaml",
        "scheming.organization_schemas": "archipel_ckan:organization.yaml",
        "scheming.presets": "ckanext.scheming:presets.json ckanext.dcat.schemas:presets.yaml",
        "scheming.dataset_fallback": "false",
        "ckanext.dcat.rdf.profiles": "archipel",
        # Two of our own: who answers for the catalogue, and under which licence.
        "archipel.publisher_uri": f"{settings.public_address}/id/organisation/{publisher}",
        "archipel.publisher_name": head.name,
        "archipel.licence": head.licence,
        "archipel.portals": json.dumps(_portals(settings, federation)),
    }


def _portals(settings: Settings, federation: Federation) -> dict[str, dict[str, str]]:
    """What the extension has to know of each commune's portal, by host."""
    return {
        member.portal.host: {
            "organisation": member.id,
            "title": member.portal.title,
            "title_en": member.portal.title_en or member.portal.title,
            "colour": member.portal.colour,
            "home": member.portal.address(settings.public_address),
        }
        for member in federation.members.values()
        if member.portal
    }


def _sign_in(settings: Settings) -> dict[str, str]:
    """Where people sign in: as browsers see it, and as it is reached from here."""
    if not settings.people_sign_in:
        return {}
    server = f"{str(settings.keycloak_url).rstrip('/')}/realms/{settings.keycloak_realm}"
    return {"archipel.sign_in.issuer": settings.token_issuer, "archipel.sign_in.server": server}


def ckan_ini(settings: Settings, address: str, folder: Path, extension: Path) -> str:
    """Return CKAN's configuration file; it holds passwords."""
    federation = load_federation(settings.federation_dir, {"example_sites": settings.example_sites_address})
    values = {
        "use": "egg:ckan",
        "debug": "false",
        "SECRET_KEY": kept_secret(settings, "ckan_session"),
        "SESSION_COOKIE_SECURE": str(address.startswith("https:")).lower(),
        "REMEMBER_COOKIE_SECURE": str(address.startswith("https:")).lower(),
        **_site(federation.head, address),
        **_places(settings, folder, extension),
        **_extensions(settings, federation),
        **_sign_in(settings),
    }
    lines = "".join(f"{key} = {value.replace('%', '%%')}\n" for key, value in values.items())
    return f"[app:main]\n{lines}{_LOGGING}"
