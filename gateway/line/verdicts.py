"""What OpenSSL finds wrong with a certificate, or with a handshake, in operators' words."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from cryptography import x509
from OpenSSL import SSL

from gateway.line.tls_files import subject_in_words

#: `X509_V_ERR_…` by number, as in OpenSSL's x509_vfy.h: those of revocation lists that are no revocation.
NO_CRL: Final = 3
CRL_NOT_YET_VALID: Final = 11
CRL_EXPIRED: Final = 12
CRL_ISSUER_UNKNOWN: Final = 33
#: A list that is missing or of no use: whether that matters depends on the partner.
CRL_TROUBLES: Final = frozenset({NO_CRL, CRL_NOT_YET_VALID, CRL_EXPIRED, CRL_ISSUER_UNKNOWN})
REVOKED: Final = 23

_MEANINGS: Final = MappingProxyType(
    {
        2: "its issuer is not in tls_anchor, nor sent with it",
        NO_CRL: "tls_crl has no list of its issuer",
        7: "its signature is not of its issuer",
        9: "it is not valid yet",
        10: "it has expired",
        CRL_NOT_YET_VALID: "the list of its issuer in tls_crl is not valid yet",
        CRL_EXPIRED: "the list of its issuer in tls_crl is out of date; fetch the new one and reload",
        18: "it signed itself, and is not in tls_anchor",
        19: "neither this authority nor the certificate itself is in tls_anchor",
        20: "neither it nor its issuer is in tls_anchor",
        21: "neither it nor its issuer is in tls_anchor",
        22: "more authorities lie between it and tls_anchor than are followed",
        REVOKED: "its issuer has revoked it",
        26: "its extended key usage does not allow this end of TLS",
        CRL_ISSUER_UNKNOWN: "the issuer of the list in tls_crl is not known",
        66: "its key is too weak",
        67: "its key is too weak",
        68: "the hash that it is signed with is too weak",
        79: "it is no authority, and has issued a certificate all the same",
    }
)


def refused(certificate: x509.Certificate, depth: int, why: str | int) -> str:
    """The sentence for `why`, or for a verification error by its number.

    `certificate` is the one that it is about: with `depth` 0 the partner's, above that an authority's.
    """
    if isinstance(why, int):
        why = _MEANINGS.get(why) or f"OpenSSL's verification error {why} (openssl-verification-options)"
    subject = subject_in_words(certificate)
    if depth == 0:
        return f"the certificate of {subject} is refused: {why}"
    return f"the certificate is refused because of its authority {subject}: {why}"


def in_words(trouble: BaseException | None) -> str | None:
    """What ended a handshake, when OpenSSL knows; None for anything else.

    An alert is what the partner says of us: `TLS: tlsv1 alert unknown ca, says the partner`.
    """
    if not isinstance(trouble, SSL.Error) or not trouble.args:
        return None
    entries = trouble.args[0]
    if not isinstance(entries, list) or not entries:
        return None
    said = "; ".join(str(entry[-1]) for entry in entries)
    return f"TLS: {said}" + (", says the partner" if "alert" in said else "")
