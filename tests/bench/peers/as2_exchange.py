"""An exchange by pyas2lib: a signed message built, read and verified; a signed MDN built, read and verified.

Both ends are in this process, and bytes pass from hand to hand. Certificates are not looked at for validity,
nothing is encrypted, compressed or kept: all of that would cost more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import old_openssl_pattern  # noqa: F401 - before pyas2lib
from exchanging import run
from pyas2lib.as2 import Mdn, Message, Organization, Partner


def prepare(folder: Path) -> Callable[[bytes], None]:
    """One exchange of a document; raises if either end is not content."""
    ours, theirs = _ends(folder, "ours"), _ends(folder, "theirs")

    def exchange(document: bytes) -> None:
        sent = Message(sender=ours[0], receiver=theirs[1])
        sent.build(document, content_type="application/xml")
        status, error, answer = Message().parse(
            sent.headers_str + b"\r\n" + sent.content, lambda _: theirs[0], lambda _: ours[1]
        )
        if status != "processed":
            raise RuntimeError(f"the message was not taken: {error}")
        receipt = Mdn()
        status, detail = receipt.parse(answer.headers_str + b"\r\n" + answer.content, lambda *_: sent)
        if status != "processed" or detail:
            raise RuntimeError(f"the MDN does not hold: {status} {detail}")

    return exchange


def _ends(folder: Path, name: str) -> tuple[Organization, Partner]:
    """An end as itself, and as the other sees it."""
    certificate = (folder / f"{name}.pem").read_bytes()
    itself = Organization(as2_name=name, sign_key=(folder / f"{name}.key").read_bytes() + certificate)
    seen = Partner(
        as2_name=name,
        verify_cert=certificate,
        validate_certs=False,
        sign=True,
        digest_alg="sha256",
        mdn_mode="SYNC",
        mdn_digest_alg="sha256",
    )
    return itself, seen


if __name__ == "__main__":
    run("pyas2lib", prepare)
