"""OpenSSL as the independent judge: it opens what is closed here, and the other way round."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from gateway.trust.cipher_suites import AES_256, CIPHER_SUITES, CipherSuite
from gateway.trust.cms_compressed import compress, decompress
from gateway.trust.cms_enveloped import decrypt, encrypt
from gateway.trust.cms_file import Services, envelope, open_envelope
from gateway.trust.cms_signed import sign, verify
from tests.trust.file_keys import NOW, keys, own, papers

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the program openssl is not here")
CONTENT = b"<Interchange>\n" + bytes(range(256)) * 400 + b"\r\n</Interchange>"
SUITES = list(CIPHER_SUITES.values())
HASHES = {"SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512"}
CIPHERS = {"3DES": "-des3", "AES-256": "-aes256"}


def openssl(*arguments: str, given: bytes) -> bytes:
    assert OPENSSL is not None
    command = [OPENSSL, "cms", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def paper(name: str, kind: str = "pem") -> str:
    return str(papers() / f"{name}.{kind}")


def verified(message: bytes) -> bytes:
    alice = paper("alice")
    trusting = ("-certfile", alice, "-nointern", "-noverify", "-no_check_time")
    return openssl("-verify", "-binary", "-inform", "DER", *trusting, given=message)


def signing(suite: CipherSuite, *more: str) -> bytes:
    who = ("-signer", paper("alice"), "-inkey", paper("alice", "key"), "-md", HASHES[suite.digest.name])
    return openssl("-sign", "-binary", "-nodetach", "-outform", "DER", *who, *more, given=CONTENT)


@pytest.mark.parametrize("suite", SUITES, ids=str)
def test_openssl_verifies_what_is_signed_here(suite: CipherSuite) -> None:
    assert verified(sign(CONTENT, [own("alice")], suite.digest)) == CONTENT


@pytest.mark.parametrize("suite", SUITES[1::2], ids=str)
@pytest.mark.parametrize(
    "form", [(), ("-stream",), ("-nocerts", "-indef"), ("-keyid",), ("-noattr",), ("-nosmimecap", "-stream")]
)
def test_what_openssl_signs_is_verified_here(suite: CipherSuite, form: tuple[str, ...]) -> None:
    message = signing(suite, *form)
    assert verify(message, keys("bob", "alice").partner, suite.digest, NOW) == CONTENT


@pytest.mark.parametrize("suite", SUITES[:2], ids=str)
def test_openssl_decrypts_what_is_encrypted_here(suite: CipherSuite) -> None:
    message = encrypt(CONTENT, keys("alice", "mallory", "bob").partner, suite.cipher)
    for name in ("bob", "mallory"):
        opening = ("-decrypt", "-binary", "-inform", "DER", "-recip", paper(name))
        assert openssl(*opening, "-inkey", paper(name, "key"), given=message) == CONTENT


@pytest.mark.parametrize("suite", SUITES[:2], ids=str)
@pytest.mark.parametrize("form", [(), ("-stream",), ("-indef",), ("-keyid",)])
def test_what_openssl_encrypts_is_decrypted_here(suite: CipherSuite, form: tuple[str, ...]) -> None:
    to = (*form, CIPHERS[suite.cipher.name], paper("mallory"), paper("bob"))
    message = openssl("-encrypt", "-binary", "-outform", "DER", *to, given=CONTENT)
    assert decrypt(message, keys("bob").own, [suite.cipher]) == CONTENT


@pytest.mark.parametrize("suite", SUITES[1::2], ids=str)
def test_signed_then_encrypted_both_ways(suite: CipherSuite) -> None:
    services = Services(signed=True, encrypted=True, suite=suite)
    ours = envelope(CONTENT, services, keys("alice", "bob"), NOW)
    opening = ("-decrypt", "-binary", "-inform", "DER", "-recip", paper("bob"), "-inkey", paper("bob", "key"))
    assert verified(openssl(*opening, given=ours)) == CONTENT
    sealing = ("-encrypt", "-binary", "-stream", "-outform", "DER", CIPHERS[suite.cipher.name])
    theirs = openssl(*sealing, paper("bob"), given=signing(suite, "-stream"))
    assert open_envelope(theirs, services, keys("bob", "alice"), max_bytes=10**6, now=NOW) == CONTENT


def test_openssl_reads_what_is_compressed_here() -> None:
    """Debian's openssl is built without zlib: it reads the structure, and cannot take the content out."""
    message = compress(CONTENT)
    shown = openssl("-cmsout", "-print", "-inform", "DER", given=message)
    assert b"id-smime-ct-compressedData" in shown
    assert b"zlib compression" in shown
    assert decompress(message, len(CONTENT)) == CONTENT


def test_a_receipts_words_are_in_its_signature() -> None:
    """RFC 5024 section 5.3.13: the envelope contains the original data."""
    words = b"DATASET".ljust(26) + b"20261121" + b"1200000001" + b"O0001ALICE".ljust(25) * 2 + bytes(32)
    message = sign(words, [own("alice")], CIPHER_SUITES[4].digest)
    assert words in message
    assert verified(message) == words
    assert AES_256.name not in str(CIPHER_SUITES[1])
