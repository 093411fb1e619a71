"""What to do about a line that does not come up, by what it says: a sentence for operators, or none."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from oftp2.reasons import EndReason

_PROTOCOL: Final = (
    "the two programs misunderstand each other: show both makers `ctl line trace PARTNER -n 500`"
)
#: By the ESID reason that ended a session before its time.
_BY_REASON: Final = MappingProxyType(
    {
        EndReason.UNKNOWN_COMMAND: _PROTOCOL,
        EndReason.PROTOCOL_VIOLATION: _PROTOCOL,
        EndReason.UNKNOWN_USER: (
            "agree with the partner on both identification codes, and on whose certificate goes with which"
        ),
        EndReason.INVALID_PASSWORD: (
            "we do not take the partner's password: agree on password_theirs_file, then ctl reload"
        ),
        EndReason.EMERGENCY_CLOSE: "the other end is being closed: ask when it will be up again",
        EndReason.INVALID_DATA: _PROTOCOL,
        EndReason.BUFFER_SIZE: _PROTOCOL,
        EndReason.NO_RESOURCES: (
            "the other end takes no session now: it is down, full, or allows one at a time; ask its operators"
        ),
        EndReason.TIME_OUT: "the other end was silent for too long: ask its operators what it is doing",
        EndReason.INCOMPATIBLE: (
            "agree on the capabilities: the level of ODETTE-FTP (ours is level_min to level_max), direction, "
            "secure authentication, and on a serial line special logic"
        ),
        EndReason.CHALLENGE_FAILED: (
            "compare the certificates for secure authentication at both ends: auth_certificate is ours, "
            "partner_auth_certificate theirs"
        ),
        EndReason.AUTHENTICATION_INCOMPATIBLE: (
            'agree on secure authentication: both ends or none; authentication = "certificate" is ours'
        ),
    }
)
_CANNOT_STORE: Final = "the partner cannot store what we send: is its disk full? Ask its operators"
_OURS_IS_WRONG: Final = "the partner does not take our password: agree on password_ours_file, then ctl reload"
_OUR_CERTIFICATE: Final = (
    "the partner does not take our certificate: send it `certificate` of [line]; has it expired? renew it"
)
_THEIR_CERTIFICATE: Final = (
    "get the partner's present certificate by a way you trust; compare with tls_anchor and tls_names"
)
_NAMES: Final = (
    "is it the right machine? then compare `call`, tls_names and tls_subject with what the certificate has"
)
#: By what the network, TLS or the device says. The first that is found counts.
_BY_WORDS: Final = (
    (r"\b(says the partner|alert)\b.*|alert (unknown ca|certificate|bad cert|handshake)", _OUR_CERTIFICATE),
    (r"refused: expected (the name|one of)|tls_names does not say", _NAMES),
    (r"refused.*: .*tls_crl", "fetch the issuer's present revocation list into tls_crl, then `ctl reload`"),
    (r"the certificate .*refused|certificate verify failed", _THEIR_CERTIFICATE),
    (
        r"wrong version number|packet length too long|record layer failure|http request",
        "nobody speaks TLS at that port: compare tls: and tcp:, and the port, with the partner",
    ),
    (
        r"[Nn]o (address|results|such host)|DNS lookup|[Nn]ame or service|not known",
        "the name is not known: compare `call` in gateway.toml; does this machine's name service answer?",
    ),
    (
        r"\banswers, not\b",
        "somebody else answers there: compare `call` and identification of [[partner]] with the partner",
    ),
    (
        r"refused by other side|[Cc]onnection refused",
        "nobody listens there, or a firewall refuses: ask the partner whether it is up; compare `call`",
    ),
    (
        r"[Nn]o route|[Nn]etwork is unreachable|[Hh]ost is unreachable",
        "there is no way to that address: ask whoever runs the network",
    ),
    (
        r"no answer within",
        "the connection stands and nothing comes: the partner's program hangs, or another one listens there",
    ),
    (
        r"timed? ?out|[Uu]ser timeout",
        "nothing answers: the machine is off, or a firewall drops what we send; tell its people the address",
    ),
    (
        r"[Ee]xclusively|busy|[Rr]esource temporarily",
        "the device is in use: by our own session (`ctl line down` frees it), or by another program",
    ),
    (
        r"No such file or directory|[Pp]ermission denied|could not open port",
        "the device is not there, or not ours: plug it in, or add the daemon's user to its group (dialout)",
    ),
    (
        r"nobody answers|rung for",
        "nobody answers at the other end of the wire: its program, its speed, the wiring",
    ),
    (
        r", while (sending|receiving) ",
        "the line broke in the middle, and goes on there; if over and over, ask who runs what lies between",
    ),
    (
        r"hung up|closed cleanly|lost",
        "the partner or a firewall hung up: ask the partner what it saw; compare tls: and tcp:, and the port",
    ),
)
#: A reason that says less than the words beside it.
_ELSE: Final = " answers, not "
_SENDING: Final = "says the partner, while sending"
_THEY_SAY = re.compile(r"says the partner|^the partner ended")
_REASON = re.compile(r"(?:^|^a call was refused: |\bESID )([0-9]{2}) ")


def todo(trouble: str) -> str:
    """What to do about `trouble`, as it stands in status and log; empty when nothing is known."""
    numbered = _REASON.search(trouble)
    if numbered is not None and int(numbered[1]) == EndReason.INVALID_PASSWORD and _THEY_SAY.search(trouble):
        return _OURS_IS_WRONG
    if numbered is not None and int(numbered[1]) == EndReason.NO_RESOURCES and _SENDING in trouble:
        return _CANNOT_STORE
    if numbered is not None and int(numbered[1]) in list(EndReason) and _ELSE not in trouble:
        return _BY_REASON.get(EndReason(int(numbered[1])), "")
    return next((remedy for words, remedy in _BY_WORDS if re.search(words, trouble)), "")
