"""By what a partner's certificate is known: its own one pinned, or an issuer's together with names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from cryptography import x509
from OpenSSL import crypto

from gateway.clock import local_words
from gateway.config.endpoints import Endpoint, Transport
from gateway.config.tls import parse_subject
from gateway.line.names import carries_one_of, names_in
from gateway.line.tls_files import in_short, is_authority, load_certificates, load_crls
from gateway.line.verdicts import refused


class Identified(Protocol):
    """What is configured about a partner's certificate, as `[[partner]]` has it."""

    @property
    def call(self) -> Sequence[Endpoint]:
        """Where the partner is called."""

    @property
    def tls_anchor(self) -> Path | None:
        """Its certificate or its issuer's."""

    @property
    def tls_names(self) -> tuple[str, ...]:
        """The names by which it is known among the issuer's."""

    @property
    def tls_subject(self) -> str | None:
        """The subject by which it is."""

    @property
    def tls_crl(self) -> Path | None:
        """The issuer's revocation lists."""


@dataclass(frozen=True, slots=True)
class Anchorage:
    """One partner's certificates, lists and names.

    A certificate that is itself in `certificates` is the partner's, whatever its names. One that descends
    from them is the partner's if it is of `subject` and carries one of `names`; where neither is given, it
    must carry the host that was called, and of a caller one of `hosts`, where we call the partner. Without
    any of these everybody whom the issuer ever certified could come in the partner's name, and so nobody may.
    """

    certificates: tuple[x509.Certificate, ...]
    names: tuple[str, ...] = ()
    subject: x509.Name | None = None
    hosts: tuple[str, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    _store: crypto.X509Store = field(default_factory=crypto.X509Store, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.fill(self._store)

    @classmethod
    def load(cls, partner: Identified) -> Self | None:
        """From the partner's files; None without `tls_anchor`. ConfigurationFault for what is unfit."""
        if partner.tls_anchor is None:
            return None
        certificates = load_certificates(partner.tls_anchor)
        return cls(
            certificates,
            names=partner.tls_names,
            subject=None if partner.tls_subject is None else parse_subject(partner.tls_subject),
            hosts=tuple(one.host.lower() for one in partner.call if one.transport is Transport.TLS),
            crls=() if partner.tls_crl is None else load_crls(partner.tls_crl, certificates),
        )

    @property
    def is_vague(self) -> bool:
        """Whether there is an issuer here, and nothing by which to tell a caller from its other customers."""
        told = self.names or self.hosts or self.subject is not None
        return not told and any(map(is_authority, self.certificates))

    def differences(self, before: Self) -> list[str]:
        """What else is in the files than was, for operators."""
        new = [one for one in self.certificates if one not in before.certificates]
        gone = [one for one in before.certificates if one not in self.certificates]
        told = [f"tls_anchor: known now is {in_short(one)}" for one in new]
        told += [f"tls_anchor: known no more is {in_short(one)}" for one in gone]
        if self.crls != before.crls:
            ends = [one.next_update_utc for one in self.crls if one.next_update_utc is not None]
            told.append("tls_crl: other lists" + (f", good until {local_words(min(ends))}" if ends else ""))
        return told

    def fill(self, store: crypto.X509Store) -> None:
        """Have `store` trust what is trusted here, and ask the lists that are here, if any.

        Up to a root the whole chain is looked up; below an intermediate that is trusted here, the partner's
        certificate alone: the list that could name the intermediate is another issuer's.
        """
        # It may be the partner's own certificate, which is no authority: the chain may stop there.
        store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        for certificate in self.certificates:
            store.add_cert(crypto.X509.from_cryptography(certificate))
        for crl in self.crls:
            store.add_crl(crl)
        if self.crls:
            ends_in_roots = all(one.issuer == one.subject for one in self.certificates)
            flags = crypto.X509StoreFlags
            store.set_flags(flags.CRL_CHECK | (flags.CRL_CHECK_ALL if ends_in_roots else 0))

    def refusal_of(self, certificate: x509.Certificate, chain: Iterable[x509.Certificate] = ()) -> str | None:
        """Why a caller with `certificate`, sent with `chain`, is not the partner, in a sentence; or None."""
        intermediates = [crypto.X509.from_cryptography(link) for link in chain]
        leaf = crypto.X509.from_cryptography(certificate)
        try:
            crypto.X509StoreContext(self._store, leaf, intermediates).verify_certificate()
        except crypto.X509StoreContextError as error:
            number, depth, _ = error.errors
            return refused(error.certificate.to_cryptography(), depth, number)
        mistaken = self.mistaken_identity(certificate)
        return mistaken and refused(certificate, 0, mistaken)

    def mistaken_identity(self, certificate: x509.Certificate, called: str | None = None) -> str | None:
        """Why `certificate`, good as it may be, is not the partner's; or None. A caller's: no `called`."""
        if certificate in self.certificates:
            return None
        if self.subject is not None and certificate.subject != self.subject:
            return f"expected one of {self.subject.rfc4514_string()}"
        by_default = () if self.subject is not None else self.hosts if called is None else (called,)
        names = self.names or by_default
        if names:
            return carries_one_of(certificate, names)
        if self.subject is None:
            there = ", ".join(names_in(certificate)) or "none"
            return f"tls_names does not say which one of its issuer's is this partner's; its names: {there}"
        return None
