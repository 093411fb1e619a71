"""An exchange by as4: a user message built, read and verified; a signed receipt built, read and verified.

Both ends are in this process, and bytes pass from hand to hand. The one profile that it has also compresses
and encrypts; nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from as4 import AS4LocalPrivateKey, SecurityPolicy, pinned_certificates
from as4.peppol import (
    build_peppol_message,
    create_peppol_external_party,
    create_peppol_internal_party,
    parse_peppol_message,
    parse_peppol_receipt,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from exchanging import run

_KIND = "urn:licence-exchange:1::LicenceIssue##urn:licence-exchange:1::1"
_PROCESS = "urn:licence-exchange:1"


def prepare(folder: Path) -> Callable[[bytes], None]:
    """One exchange of a document; raises if either end is not content."""
    certificates = {
        name: x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())
        for name in ("ours", "theirs")
    }
    keys = {
        name: AS4LocalPrivateKey(
            serialization.load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        )
        for name in ("ours", "theirs")
    }
    us = create_peppol_internal_party("PXX000001", certificates["ours"], keys["ours"])
    them = create_peppol_internal_party("PXX000002", certificates["theirs"], keys["theirs"])
    as_seen = create_peppol_external_party("PXX000002", certificates["theirs"])
    policy = SecurityPolicy(signer_resolver=pinned_certificates(certificates["ours"]))

    def exchange(document: bytes) -> None:
        message = build_peppol_message(
            payload=document,
            local_party=us,
            remote_party=as_seen,
            sender="9932:0000000001",
            recipient="9932:0000000002",
            sender_country_id="CN",
            document_type_identifier_scheme="busdox-docid-qns",
            document_type_identifier_value=_KIND,
            process_identifier=_PROCESS,
        )
        body, boundary = message.get_request_data()
        received = parse_peppol_message(
            request_headers=message.get_http_headers(boundary),
            request_body=body,
            local_party=them,
            security_policy=policy,
        )
        _, signal = received.build_signal()
        if not received.successful:
            raise RuntimeError(f"the message was not taken: {received.message.parse_error}")
        receipt = parse_peppol_receipt(signal, certificates["theirs"])
        receipt.verify_non_repudiation(message.signed_references)

    return exchange


if __name__ == "__main__":
    run("as4", prepare)
