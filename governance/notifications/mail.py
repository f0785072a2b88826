"""Hands e-mails to the one server of the settings, over a protected connection that is kept for a whole pass."""

import smtplib
import ssl
from email.message import EmailMessage
from types import TracebackType
from typing import Self

from governance.notifications.failures import NotDelivered
from governance.settings import Settings

_PATIENCE_SECONDS = 15
"""A server that is down must not hold up whoever sends."""


class MailServer:
    """A connection that is made when the first message comes; use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()  # kept silent because every message was answered for already

    def send(self, message: EmailMessage) -> None:
        """Hand a message over.

        Raises:
            NotDelivered: the server did not take it; or nobody can say whether it did.
        """
        try:
            if self._smtp is None:
                self._smtp = self._connect()
            self._smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            (code, said), *_ = refused.recipients.values()
            raise _refused(code, said, "l'adresse", "the address") from refused
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as refused:
            raise _refused(refused.smtp_code, refused.smtp_error, "le message", "the message") from refused
        except smtplib.SMTPAuthenticationError as refused:
            raise _of_server("il refuse le compte déclaré", "it refuses the account") from refused
        except smtplib.SMTPNotSupportedError as lacking:
            raise _of_server("il ne sait pas protéger l'échange", "it cannot protect the exchange") from lacking
        except ssl.SSLError as untrusted:
            raise _of_server("son certificat n'est pas reconnu", "its certificate is not trusted") from untrusted
        except (smtplib.SMTPException, OSError) as silent:
            self._smtp = None
            raise _of_server("il ne répond pas", "it does not answer") from silent

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.smtp_host is None:
            raise NotDelivered(
                "Aucun serveur de courriel n'est réglé (ARCHIPEL_SMTP_HOST).",
                "No mail server is set (ARCHIPEL_SMTP_HOST).",
                is_of_all=True,
            )
        if settings.smtp_security == "none" and settings.smtp_password is not None:
            raise NotDelivered(
                "Un mot de passe n'est pas envoyé en clair : réglez ARCHIPEL_SMTP_SECURITY sur starttls ou tls.",
                "A password is not sent in clear: set ARCHIPEL_SMTP_SECURITY to starttls or tls.",
                is_of_all=True,
            )
        context = _trust(settings)
        place = (settings.smtp_host, settings.smtp_port)
        if settings.smtp_security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(*place, timeout=_PATIENCE_SECONDS, context=context)
        else:
            smtp = smtplib.SMTP(*place, timeout=_PATIENCE_SECONDS)
        try:
            if settings.smtp_security == "starttls":
                smtp.starttls(context=context)
            if settings.smtp_user is not None and settings.smtp_password is not None:
                smtp.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except BaseException:
            smtp.close()
            raise
        return smtp


def _trust(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.smtp_ca_file)
    except OSError:  # a missing file, or one that holds no certificate
        raise NotDelivered(
            f"Le fichier de certificats {settings.smtp_ca_file} est illisible (ARCHIPEL_SMTP_CA_FILE).",
            f"The file of certificates {settings.smtp_ca_file} cannot be read (ARCHIPEL_SMTP_CA_FILE).",
            is_of_all=True,
        ) from None


def _of_server(reason_fr: str, reason_en: str) -> NotDelivered:
    return NotDelivered(
        f"Le serveur de courriel n'a pas pris le message : {reason_fr}.",
        f"The mail server did not take the message: {reason_en}.",
        is_of_all=True,
    )


def _refused(code: int, said: bytes | str, what_fr: str, what_en: str) -> NotDelivered:
    """A refusal of one message; a code of 500 and above is for good (RFC 5321, 4.2.1)."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    shown = " ".join(words.split())[:200]
    return NotDelivered(
        f"Le serveur de courriel refuse {what_fr} : {code} {shown}",
        f"The mail server refuses {what_en}: {code} {shown}",
        is_final=code >= 500,
    )
