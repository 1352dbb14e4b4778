"""Handing a mail over to the operator's mail server (RFC 5321), and what its answer means.

DKIM, SPF and bounces that come later are the relay's: what is refused while we talk to it is known here, nothing else.
"""

from __future__ import annotations

import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from uuid import UUID

import aiosmtplib

from services.messaging.channels.rules import HANDED_OVER, Outcome, again, of_smtp, refused
from services.messaging.channels.settings import Mail
from services.messaging.channels.words import Words

PATIENCE_SECONDS = 30.0


def compose(
    id: UUID, mail: Mail, to: str, said: Words, text: str, name: str, stop: str | None = None
) -> EmailMessage:
    """A mail; ``id`` is its name wherever it goes, however often it is handed over. ``stop``: the address that ends
    these mails; a mailbox may press it for its owner where it is https (RFC 8058 §3.1)."""
    message = EmailMessage()
    user, _, domain = mail.sender.rpartition("@")
    message["From"] = Address(name, user, domain)
    message["To"] = to
    message["Subject"] = said.title
    message["Message-ID"] = f"<{id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers
    if stop is not None:
        message["List-Unsubscribe"] = f"<{stop}>"
        if stop.startswith("https:"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(text)
    return message


async def hand_over(
    message: EmailMessage, mail: Mail, password: str | None, *, trusted: ssl.SSLContext | None = None
) -> Outcome:
    """Hand a mail over; never raises for what the other side does."""
    try:
        await aiosmtplib.send(
            message,
            hostname=mail.host,
            port=mail.port,
            use_tls=mail.tls == "implicit",
            start_tls=mail.tls == "starttls",
            tls_context=trusted,
            username=mail.user,
            password=password if mail.user else None,
            timeout=PATIENCE_SECONDS,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        (one,) = error.recipients
        return of_smtp(one.code, one.message, recipient=True)
    except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPNotSupported):
        return again("not_let_in")
    except aiosmtplib.SMTPDataError as error:
        return of_smtp(error.code, error.message, recipient=False)
    except aiosmtplib.SMTPResponseException:
        return again("busy")
    except (ssl.SSLError, ssl.CertificateError):
        return again("not_let_in")
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError) as error:
        return again("not_let_in" if isinstance(error.__cause__, ssl.SSLError) else "unreachable")
    except aiosmtplib.SMTPException:  # no STARTTLS there, or none of the ways to sign in
        return again("not_let_in")
    except ValueError:  # no such header or address can be written
        return refused()
    return HANDED_OVER
