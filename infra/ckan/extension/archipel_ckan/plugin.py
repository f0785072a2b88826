"""Puts the extension's pages before CKAN's own, and gives them words."""

from collections.abc import Callable
from typing import Any

from ckan import plugins
from ckan.plugins import toolkit

from .words import word_for


def archipel_word(identifier: str) -> str:
    """Return what a person reads for an identifier, in the language of the page."""
    return word_for(identifier, toolkit.h.lang())


class ArchipelPlugin(plugins.SingletonPlugin):  # type: ignore[misc] # kept because CKAN has no types
    """Everything else of the extension is named in CKAN's configuration: schemas, profile, licences."""

    plugins.implements(plugins.IConfigurer)
    plugins.implements(plugins.ITemplateHelpers)

    def update_config(self, config: Any) -> None:
        """Add the templates and static files."""
        toolkit.add_template_directory(config, "templates")
        toolkit.add_public_directory(config, "public")

    def get_helpers(self) -> dict[str, Callable[..., Any]]:
        """Give templates the words."""
        return {"archipel_word": archipel_word}
