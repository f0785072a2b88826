"""Puts the extension's pages and words before CKAN's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ckan import plugins
from ckan.lib.plugins import DefaultTranslation
from ckan.plugins import toolkit

from . import ended_sessions, sign_in
from .issuer import is_on
from .portals import Portal, is_export, portal_of_request
from .words import word_for

_FACTS = (("siren", "SIREN", "SIREN"), ("insee_code", "Code INSEE", "INSEE code"))


def archipel_word(identifier: str) -> str:
    """Return what a person reads for an identifier, in the language of the page."""
    return word_for(identifier, toolkit.h.lang())


def archipel_share(value: str) -> str:
    """Return a share from 0 to 1 as a percentage, written as the language of the page does."""
    percent = f"{float(value) * 100:.1f}"
    return percent.replace(".", ",") + "\u202f%" if toolkit.h.lang() == "fr" else f"{percent}%"


def archipel_organisations() -> list[dict[str, Any]]:
    """Return the organisations that publish something, by name; on a commune's portal that commune."""
    portal = portal_of_request()
    context = {"user": toolkit.current_user.name}
    names = toolkit.get_action("organization_list")(context, {"sort": "title asc"})
    show = toolkit.get_action("organization_show")
    asked = {"include_datasets": False, "include_dataset_count": True, "include_users": False}
    shown = [name for name in names if portal is None or name == portal["organisation"]]
    found = [show(dict(context), {"id": name, **asked}) for name in shown]
    return [organisation for organisation in found if organisation["package_count"]]


def archipel_facts(name: str) -> list[tuple[str, str]]:
    """Return what the registers know of an organisation, with labels in the language of the page."""
    asked = {"id": name, "include_datasets": False, "include_users": False}
    organisation = toolkit.get_action("organization_show")({"user": toolkit.current_user.name}, asked)
    is_french = toolkit.h.lang() == "fr"
    facts = [(fr if is_french else en, str(organisation[key])) for key, fr, en in _FACTS if organisation.get(key)]
    if organisation.get("population"):
        inhabitants = f"{int(organisation['population']):,}".replace(",", "\u202f" if is_french else ",")
        facts.append(("Habitants" if is_french else "Inhabitants", inhabitants))
    return facts


def archipel_portal() -> Portal | None:
    """Return the commune's portal that the page is shown under."""
    return portal_of_request()


class ArchipelPlugin(plugins.SingletonPlugin, DefaultTranslation):  # type: ignore[misc] # kept because CKAN has no types
    """Everything else of the extension is named in CKAN's configuration: schemas, profiles, licences."""

    plugins.implements(plugins.IAuthenticator, inherit=True)
    plugins.implements(plugins.IBlueprint)
    plugins.implements(plugins.IConfigurer)
    plugins.implements(plugins.ITemplateHelpers)
    plugins.implements(plugins.ITranslation)
    plugins.implements(plugins.IPackageController, inherit=True)

    def update_config(self, config: Any) -> None:
        """Add the templates."""
        toolkit.add_template_directory(config, "templates")

    def get_blueprint(self) -> list[Any]:
        """Give the addresses at which people sign in and Keycloak speaks, where there is one."""
        if not is_on():
            return []
        from ckan.config.middleware.flask_app import csrf  # kept here because that module asks plugins as it is loaded

        # Keycloak comes from no page of ours; what it says is signed.
        csrf.exempt(ended_sessions.end)
        return [sign_in.blueprint, ended_sessions.blueprint]

    def login(self) -> Any:
        """Send to Keycloak instead of asking for a password."""
        return toolkit.redirect_to("archipel_sign_in.begin") if is_on() else None

    def logout(self) -> Any:
        """Leave Keycloak too."""
        return sign_in.leave() if is_on() else None

    def get_helpers(self) -> dict[str, Callable[..., Any]]:
        """Give templates the words."""
        helpers = (archipel_word, archipel_share, archipel_organisations, archipel_facts, archipel_portal)
        return {helper.__name__: helper for helper in helpers}

    def before_dataset_search(self, search_params: dict[str, Any]) -> dict[str, Any]:
        """Under a commune's name find its datasets alone: pages, API and DCAT export all search through here.

        What others have is in no DCAT export: who harvests us takes ours, and does not get its own back.
        """
        portal = portal_of_request()
        own = [f'organization:"{portal["organisation"]}"'] if portal else []
        ours = ["-external_catalogue:[* TO *]"] if is_export() else []
        # Filters of their own beside the caller's: whatever that one says, all must hold.
        return {**search_params, "fq_list": [*(search_params.get("fq_list") or ()), *own, *ours]}

    def i18n_directory(self) -> str:
        """Say where the words are; CKAN would look for them in a package of its own naming."""
        return str(Path(__file__).parent / "i18n")
