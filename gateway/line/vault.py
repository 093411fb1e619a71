"""What sessions are made with: certificates, keys, anchors and lists; renewed while sessions stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self, TypeVar

from cryptography import x509
from OpenSSL import SSL

from gateway.config.endpoints import Endpoint, Transport
from gateway.errors import ConfigurationFault
from gateway.line.anchorage import Anchorage
from gateway.line.settings import LineSettings, PartnerSettings
from gateway.line.tls import Answers, Calls, make_context
from gateway.line.tls_files import in_short, load_certificates
from gateway.trust.challenge import Authenticator

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Holdings:
    """All of it at one moment, read from the files; each mapping is by the partner's name."""

    anchorages: Mapping[str, Anchorage]
    authenticators: Mapping[str, Authenticator]
    calling: Mapping[str, SSL.Context]
    answering: SSL.Context | None
    own: tuple[x509.Certificate, ...] = ()

    @classmethod
    def load(cls, settings: LineSettings) -> Self:
        """ConfigurationFault with everything that is unfit, a line each."""
        tried = _Trial()
        anchorages, authenticators, calling = {}, {}, {}
        for one in settings.partners:
            if (anchorage := tried.of(partial(Anchorage.load, one))) is not None:
                anchorages[one.name] = anchorage
            if (authenticator := tried.of(partial(_authenticator, one))) is not None:
                authenticators[one.name] = authenticator
        for one, written in _tls_calls(settings):
            context = tried.of(partial(_context, settings, f"{written} of {one.name}", (one,), anchorages))
            if context is not None:
                calling[one.name] = context
        answering = None
        for written in settings.listen:
            if written.transport is Transport.TLS:
                make = partial(_context, settings, f"{written}", settings.partners, anchorages)
                answering = answering or tried.of(make)
        own = (
            () if settings.certificate is None else tried.of(partial(load_certificates, settings.certificate))
        )
        tried.end()
        return cls(anchorages, authenticators, calling, answering, own or ())

    def differences(self, before: Holdings) -> list[str]:
        """What else is in the files than was, for operators; partners that are new are left out."""
        told = []
        if self.own and self.own != before.own:
            told.append(f"line: the certificate is now that of {in_short(self.own[0])}")
        for name, now in self.anchorages.items():
            if name in before.anchorages:
                told += [f"partner {name}: {what}" for what in now.differences(before.anchorages[name])]
        for name, keys in self.authenticators.items():
            known = before.authenticators.get(name, keys)
            if (keys.own.certificate, keys.partner) != (known.own.certificate, known.partner):
                told.append(f"partner {name}: other keys or certificates for secure authentication")
        return told


class Vault:
    """Holds one set after the other; a session is made with the one that is held when it begins."""

    def __init__(self, settings: LineSettings) -> None:
        """ConfigurationFault as `Holdings.load`."""
        self._holdings = Holdings.load(settings)

    @property
    def holdings(self) -> Holdings:
        """What is held now."""
        return self._holdings

    def renew(self, holdings: Holdings) -> None:
        """Sessions that begin from now on are made with `holdings`; those that stand go on."""
        self._holdings = holdings

    def anchorage_of(self, partner: str) -> Anchorage | None:
        """By what the partner's certificate is known; None when it needs none."""
        return self._holdings.anchorages.get(partner)

    def claimed(self, certificate: x509.Certificate | None) -> list[str]:
        """The partners whose certificate this would be, if only it were good."""
        if certificate is None:
            return []
        known = self._holdings.anchorages.items()
        return [name for name, one in known if one.mistaken_identity(certificate) is None]

    def authenticator_of(self, partner: str) -> Authenticator | None:
        """The keys for secure authentication; None when the partner is not, or no longer, to prove itself."""
        return self._holdings.authenticators.get(partner)

    def calls(self, partner: str, host: str) -> Calls:
        """TLS for calls to `host` of `partner`, which `settings` had at one of its TLS endpoints."""

        first = self._holdings
        name = host.lower().removesuffix(".")

        def held() -> Holdings:
            # A call that is under way when its partner is taken out ends as it began.
            return self._holdings if partner in self._holdings.calling else first

        def judge(certificate: x509.Certificate) -> str | None:
            return held().anchorages[partner].mistaken_identity(certificate, name)

        return Calls(name, lambda: held().calling[partner], judge)

    def answers(self) -> Answers:
        """TLS for those who call us, where `settings` had us listen for it."""

        def context() -> SSL.Context:
            assert self._holdings.answering is not None, "who listens for TLS has what it needs"
            return self._holdings.answering

        return Answers(context)


class _Trial:
    """Goes on after a fault, so that all of them are told, each once."""

    def __init__(self) -> None:
        self._faults: dict[str, None] = {}

    def of(self, load: Callable[[], T]) -> T | None:
        try:
            return load()
        except ConfigurationFault as fault:
            self._faults[str(fault)] = None
            return None

    def end(self) -> None:
        if self._faults:
            raise ConfigurationFault("\n".join(self._faults))


def _authenticator(one: PartnerSettings) -> Authenticator | None:
    files = one.authentication
    if files is None:
        return None
    return Authenticator.load(files.key, files.certificate, files.partner_certificate)


def _tls_calls(settings: LineSettings) -> Iterator[tuple[PartnerSettings, Endpoint]]:
    """One call over TLS of each partner that is called so: its context serves them all."""
    for one in settings.partners:
        over_tls = [written for written in one.call if written.transport is Transport.TLS]
        if over_tls:
            yield one, over_tls[0]


def _context(
    settings: LineSettings,
    what: str,
    partners: tuple[PartnerSettings, ...],
    anchorages: Mapping[str, Anchorage],
) -> SSL.Context:
    if settings.certificate is None or settings.key is None:
        raise ConfigurationFault(f"{what}: TLS needs the line's certificate and key")
    if all(one.tls_anchor is None for one in partners):
        raise ConfigurationFault(f"{what}: TLS needs tls_anchor" + " of a partner" * (len(partners) > 1))
    trusted = [anchorages[one.name] for one in partners if one.name in anchorages]
    return make_context(settings.certificate, settings.key, trusted)
