"""A commune's own portal as its file declares it: address, title, colours that can be read, a logo.

Readable is a condition, not a wish: WCAG 2.2, 1.4.3 asks for 4.5 to 1 between text and its ground, and a colour that
does not reach it is refused with the number it has.
"""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

LEAST_CONTRAST = 4.5
GROUND, DARK_GROUND = "#fbfaf7", "#1a2428"
"""The grounds of the style sheet on which the colour is hardest to read, in its light and its dark form."""
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_COLOUR = r"^#[0-9a-fA-F]{6}$"


def contrast(colour: str, other: str) -> float:
    """Return the contrast of two colours written ``#rrggbb``, from 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(colour), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _lightened(colour: str) -> str:
    """The same hue, as light as the dark form needs."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    for step in range(21):
        mixed = "#" + "".join(f"{round(part + (255 - part) * step / 20):02x}" for part in parts)
        if contrast(mixed, DARK_GROUND) >= LEAST_CONTRAST:
            return mixed
    return "#ffffff"


class Portal(BaseModel):
    """One commune's portal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(
        pattern=rf"^{_LABEL}(\.{_LABEL})+$", max_length=253, description="its own name on the web, without port"
    )
    title: str = Field(min_length=1, max_length=120, description="what stands on top of it, in French")
    title_en: str = Field("", max_length=120, description="the same in English")
    colour: str = Field(pattern=_COLOUR, description="of links and of the band on top, at least 4.5:1 on the ground")
    dark_colour: str | None = Field(
        None, pattern=_COLOUR, description="the same for readers who prefer dark; by default lightened from `colour`"
    )
    logo: str | None = Field(
        None, pattern=r"^[a-z0-9][a-z0-9_-]*\.(svg|png)$", description="file in the folder `logos` beside the members"
    )

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        for name, colour, ground in (("colour", self.colour, GROUND), ("dark_colour", self.on_dark, DARK_GROUND)):
            found = contrast(colour, ground)
            if found < LEAST_CONTRAST:
                wanted = "foncée" if name == "colour" else "claire"
                raise ValueError(
                    f"{name} {colour} : contraste de {found:.1f} sur le fond {ground}, il en faut 4,5 ; "
                    f"choisissez une couleur plus {wanted} / contrast {found:.1f} on the ground {ground}, 4.5 needed; "
                    f"choose a {'darker' if name == 'colour' else 'lighter'} one (WCAG 2.2, 1.4.3)"
                )
        return self

    @property
    def on_dark(self) -> str:
        """The colour for the dark form."""
        return self.dark_colour or _lightened(self.colour)

    @property
    def style(self) -> str:
        """Return what it changes of the style sheet, as CSS."""
        light = f"--accent: {self.colour}; --accent-ink: #ffffff;"
        dark = f"--accent: {self.on_dark}; --accent-ink: #0c1a1d;"
        return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"

    def address(self, public_address: str) -> str:
        """Return its address, with the scheme and port of the federation's own."""
        place = urlsplit(public_address)
        port = f":{place.port}" if place.port else ""
        return f"{place.scheme}://{self.host}{port}"
