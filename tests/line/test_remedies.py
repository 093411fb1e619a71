"""What a line says when it does not come up leads to what to do about it."""

from __future__ import annotations

import pytest

from gateway.line.remedies import todo
from oftp2.reasons import EndReason


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("04 invalid password, says the partner", "password_ours_file"),
        ("the partner ended the session: ESID 04 invalid password", "password_ours_file"),
        ("we ended the session: ESID 04 invalid password", "password_theirs_file"),
        ("03 CN-OTHER answers, not CN-CUSTOMS", "somebody else"),
        ("CN-OTHER answers, not CN-CUSTOMS", "somebody else"),
        ("the partner ended the session: ESID 03 user code not known", "identification codes"),
        ("a call was refused: 04 invalid password", "password_theirs_file"),
        ("10 level 2 is not spoken here, 4 or 5 is needed", "level_min to level_max"),
        ("12 secure authentication requirements incompatible", "both ends or none"),
        ("Connection was refused by other side.", "nobody listens"),
        ("TCP connection timed out.", "firewall drops"),
        ("no answer within 15 s", "nothing comes"),
        ("No route to host.", "whoever runs the network"),
        ("DNS lookup failed: no results for hostname lookup: customs.", "name is not known"),
        ("no address is known for customs.example", "name is not known"),
        ("the certificate of CN=x is refused: it has expired", "tls_anchor"),
        ("the certificate of CN=x is refused: expected the name a; its names are: b", "tls_names"),
        ("the certificate of CN=x is refused: tls_crl has no list of its issuer", "revocation list"),
        ("connection lost: TLS: tlsv1 alert unknown ca, says the partner", "our certificate"),
        ("TLS: wrong version number", "speaks TLS"),
        ("the partner hung up without a word", "compare tls: and tcp:"),
        ("/dev/ttyS0: [Errno 11] Could not exclusively lock port", "in use"),
        ("/dev/ttyS9: [Errno 2] could not open port /dev/ttyS9: No such file or directory", "plug it in"),
        ("connection lost: Connection lost., while sending LX0000000001, 576 of 1953 KiB", "over and over"),
        ("08 a failure at this site, says the partner, while sending LX1, 1 of 9 KiB", "disk full"),
        ("nobody answers", "at the other end of the wire"),
    ],
)
def test_it_says_what_to_do(trouble: str, words: str) -> None:
    assert words in todo(trouble)


@pytest.mark.parametrize("reason", [one for one in EndReason if one not in {0, 99}])
def test_each_reason_has_something_to_do(reason: EndReason) -> None:
    assert todo(f"{reason:02d} x, says the partner")


def test_nothing_is_made_up() -> None:
    assert todo("") == todo("99 unspecified") == todo("something else") == todo("released") == ""
