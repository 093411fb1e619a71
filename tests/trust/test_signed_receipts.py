"""Signed end-to-end responses: OpenSSL reads ours, and what is not signed as it should be proves nothing."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.trust.cipher_suites import CIPHER_SUITES, CipherSuite
from gateway.trust.cms_signed import sign
from gateway.trust.signed_receipts import ReceiptFault, check_receipt, sign_receipt
from oftp2.commands import EERP, NERP
from oftp2.formats import build
from oftp2.identity import FileIdentity
from oftp2.receipt_words import receipt_words
from tests.trust.file_keys import END, NOW, keys, own, papers

FILE = FileIdentity("LX0000000001", "20261121", "1015300001", "O0013GATEWAY", "O0013CUSTOMS")
SUITE = CIPHER_SUITES[4]
OPENSSL = shutil.which("openssl")


def eerp(suite: CipherSuite = SUITE, content: bytes = b"<Interchange/>") -> EERP:
    """The receipt by alice, as it goes on the wire."""
    plain = replace(EERP.of(FILE), hash=suite.digest.of(content))
    return replace(plain, signature=sign_receipt(receipt_words(plain), suite, keys("alice", "bob")))


def judged(receipt: EERP | NERP, by: str = "alice", suite: CipherSuite = SUITE, days: int = 0) -> str:
    """Whose signature it is, for bob who sent the file and knows `by`; or why it proves nothing."""
    try:
        signer = check_receipt(
            receipt_words(receipt),
            receipt.signature,
            told_hash=receipt.hash,
            sent_hash=suite.digest.of(b"<Interchange/>"),
            suite=suite,
            keys=keys("bob", by),
            now=NOW + timedelta(days=days),
        )
    except ReceiptFault as fault:
        return str(fault)
    return signer.subject


@pytest.mark.parametrize("suite", CIPHER_SUITES.values(), ids=str)
def test_a_signed_receipt_proves_who_has_the_file(suite: CipherSuite) -> None:
    assert judged(eerp(suite), suite=suite) == own("alice").certificate.subject


def test_what_is_signed_are_the_fields_as_they_are_on_the_wire() -> None:
    """RFC 5024 sections 5.3.13 and 5.3.14: with their padding, without what stands between them."""
    receipt = eerp()
    wire = build(receipt)
    assert receipt_words(receipt) == wire[1:27] + wire[30:48] + wire[56:106] + receipt.hash
    nerp = replace(NERP.of(FILE, "O0013RELAY", 34, "mapping failed"), hash=receipt.hash)
    wire = build(nerp)
    assert receipt_words(nerp) == wire[1:27] + wire[33:51] + wire[51:126] + nerp.hash


def test_what_proves_nothing() -> None:
    good = eerp()
    words, mallory = receipt_words(good), own("mallory")
    other = replace(good, dataset_name="LX0000000002")
    assert judged(replace(good, signature=b"")) == "it is not signed, which was asked for"
    assert judged(eerp(content=b"<Other/>")) == "its hash is not that of the file that was sent"
    assert judged(replace(good, hash=b"")) == "its hash is not that of the file that was sent"
    assert judged(other) == "what is signed is not what it says"
    unknown = "its signature is not in order: not signed by a certificate that we have of the partner"
    assert judged(good, by="mallory") == unknown
    assert judged(replace(good, signature=sign(words, [mallory], SUITE.digest))) == unknown
    assert "not in the form of CMS" in judged(replace(good, signature=good.signature[:-1]))
    assert "other algorithms" in judged(
        replace(good, signature=sign(words, [own("alice")], CIPHER_SUITES[6].digest))
    )
    assert "expired" in judged(good, days=(END - NOW).days + 1)


@pytest.mark.skipif(OPENSSL is None, reason="the program openssl is not here")
@pytest.mark.parametrize("suite", [CIPHER_SUITES[2], CIPHER_SUITES[4]], ids=str)
def test_openssl_finds_in_it_what_was_signed_and_by_whom(suite: CipherSuite, tmp_path: Path) -> None:
    assert OPENSSL is not None
    receipt = eerp(suite)
    (tmp_path / "receipt.der").write_bytes(receipt.signature)
    alice = str(papers() / "alice.pem")
    trusting = ["-certfile", alice, "-nointern", "-noverify", "-no_check_time"]
    done = subprocess.run(
        [OPENSSL, "cms", "-verify", "-binary", "-inform", "DER", "-in", "receipt.der", *trusting],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert done.stdout == receipt_words(receipt)
    if suite is SUITE:
        signing = ["-signer", alice, "-inkey", str(papers() / "alice.key"), "-md", "sha256"]
        form = ["-sign", "-binary", "-nodetach", "-outform", "DER", "-stream"]
        theirs = subprocess.run(
            [OPENSSL, "cms", *form, *signing], input=receipt_words(receipt), capture_output=True, check=True
        ).stdout
        assert judged(replace(receipt, signature=theirs)) == own("alice").certificate.subject
