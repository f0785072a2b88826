"""Writes a notice as an e-mail: plain text and the same as simple HTML, in the subscription's language."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from governance.console.languages import Writing
from governance.deliverables.mends import Mend
from governance.federation import Head
from governance.notifications.news import News, RunNews
from governance.notifications.words import WORDS
from governance.settings import Settings
from governance.subscriptions import Subscription


def write_letter(settings: Settings, head: Head, subscription: Subscription, news: News) -> EmailMessage:
    """Return the message; written twice it is the same, ``Message-ID`` included, so that a copy can be told."""
    sender = settings.smtp_sender or head.contact.email
    values = _values(settings, head, subscription, news)
    letter = EmailMessage()
    letter["Subject"] = subject_of(subscription, news)
    letter["From"] = Address(head.short_name, addr_spec=sender)
    letter["To"] = Address(addr_spec=subscription.email)
    letter["Date"] = format_datetime(news.until)
    letter["Message-ID"] = f"<{news.notice_id}@{sender.rpartition('@')[2]}>"
    letter["Content-Language"] = subscription.language
    # RFC 3834: no automatic answer is to be sent to this.
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(_template("letter.txt").render(values))
    letter.add_alternative(_template("letter.html").render(values), subtype="html")
    return letter


def subject_of(subscription: Subscription, news: News) -> str:
    """Return what the message is about, in one line."""
    words = WORDS[subscription.language]
    if news.occasion == "digest":
        waiting = sum(1 for run in news.runs if not run.is_fine)
        told = _counted(words, "news_sources", waiting) if waiting else words["news_sources_none"]
        return words[f"digest_{subscription.every}"].format(who=news.member_name, news=told)
    (run,) = news.runs
    return words["subject"].format(
        who=news.member_name, title=_text(run, "title", subscription), news=_headline(run, words)
    )


def _counted(words: dict[str, str], name: str, count: int, first: int | None = None) -> str:
    """One or several of something; ``first`` is the line of the first."""
    return words[f"{name}_one" if count == 1 else f"{name}_many"].format(count=count, first=first)


def _headline(run: RunNews, words: dict[str, str]) -> str:
    if run.outcome in ("failed", "rejected", "held", "unchanged"):
        return words[f"news_{run.outcome}"]
    return _counted(words, "news_mend", run.rows_quarantined) if run.rows_quarantined else words["news_fine"]


def _text(told: RunNews | Mend, name: str, subscription: Subscription) -> str:
    """The title, message or remedy of a run or a mend in the subscription's language."""
    return str(getattr(told, f"{name}_{subscription.language}"))


def _values(settings: Settings, head: Head, subscription: Subscription, news: News) -> dict[str, Any]:
    words, writing = WORDS[subscription.language], Writing(subscription.language)
    return {
        "news": news,
        "language": subscription.language,
        "words": words,
        "counted": lambda name, count, first: _counted(words, name, count, first),
        "headline": lambda run: _headline(run, words),
        "text": lambda told, name: _text(told, name, subscription),
        "number": writing.number,
        "instant": writing.instant,
        "link": lambda run: f"{settings.public_address}/{subscription.language}/runs/{run.run_id}",
        "footer": words["footer"].format(
            why=words[f"why_{subscription.when}"],
            who=news.member_name,
            contact=head.contact.name,
            address=head.contact.email,
        ),
    }


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
