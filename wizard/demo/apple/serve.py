"""`demo --serve --apple`: a demo Apple on loopback that real pyicloud and real icloudpd can be pointed at by hand."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

from wizard.demo.apple.accounts import Account, demo_accounts
from wizard.demo.apple.proxy import DemoProxy
from wizard.demo.apple.server import DemoApple, real_clock
from wizard.demo.apple.state import CodeSent
from wizard.errors import WizardError, shorten

Say = Callable[[str], None]


async def serve(say: Say, folder: Path, *, port: int = 0, proxy_port: int = 0) -> None:
    """Serve until cancelled; `say` gets the introduction, then a line for every code, `folder` the CA's certificate.

    The lines with codes are for the demo user's eyes: they belong on the screen, never in a log. Raises WizardError where it
    cannot listen or write.
    """
    accounts = demo_accounts()

    def tell(sent: CodeSent) -> None:
        say(code_line(sent, accounts))

    async with AsyncExitStack() as open_things:
        try:
            apple = await open_things.enter_async_context(
                DemoApple.open(accounts, real_clock, tls=folder, port=port, on_code=tell)
            )
            proxy = await open_things.enter_async_context(DemoProxy.open(apple.address, proxy_port))
        except OSError as error:
            raise WizardError(
                "demo.apple-start",
                "The demo Apple can't start.",
                why=shorten(error.strerror or str(error)),
                fix="Choose another port, or none for a free one, and a folder that is writable.",
            ) from error
        say(introduction(apple.address, apple.ca_file, proxy.url, accounts))
        await asyncio.Event().wait()


def introduction(address: str, ca_file: Path, proxy: str, accounts: Iterable[Account]) -> str:
    """What a person needs to know to point a program at this demo Apple."""
    accounts = tuple(accounts)
    width = max(len(account.apple_id) for account in accounts)
    people = [f"  {account.apple_id:<{width}}  {account.title}" for account in accounts]
    passwords = sorted({account.password for account in accounts})
    return "\n".join(
        [
            f"Demo Apple on {address}; nothing leaves this machine.",
            f"CA certificate: {ca_file}",
            "",
            "To point icloudpd at it, or anything else that uses requests:",
            f"  export HTTPS_PROXY={proxy} REQUESTS_CA_BUNDLE={shlex.quote(str(ca_file))}",
            "icloudpd can then download with existing sessions. Its own sign-in stops at the list of phones, where it",
            "trusts only the certificates that it bundles.",
            "",
            f"Accounts, all with the password {' or '.join(passwords)}:",
            *people,
            "",
            "Codes appear here, as they would on the person's devices. Security keys cannot be tried here.",
        ]
    )


def code_line(sent: CodeSent, accounts: Iterable[Account]) -> str:
    """Where a code arrived, and the code."""
    if sent.way == "device":
        return f"{sent.apple_id}: the code on your demo device is {sent.code}"
    phones = next(account.phones for account in accounts if account.apple_id == sent.apple_id)
    return f"{sent.apple_id}: an SMS to {phones[sent.n].obfuscated} says {sent.code}"
