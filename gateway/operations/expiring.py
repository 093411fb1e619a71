"""Certificates and revocation lists whose end would stop the work, and what is told before it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from gateway.clock import BUSINESS_ZONE
from gateway.config import GatewayConfig, LineConfig, PartnerConfig
from gateway.errors import ConfigurationFault
from gateway.line.tls_files import read_crls
from gateway.trust.keys import load_certificates

#: So many days before its end a certificate is spoken of, each time anew. A new one takes weeks to come.
NOTICE_DAYS: Final = (1, 7, 30, 90)
#: A list lives for days; it is spoken of when so much of that is left, and not more than a week.
_CRL_SHARE: Final = 4
_CRL_NOTICE_MAX: Final = timedelta(days=7)
#: More than the files of 256 partners.
_KEPT: Final = 2048


@dataclass(frozen=True, slots=True)
class Expiring:
    """A file of certificates, or of revocation lists, and what they are for.

    `role` is one of few words, for programs; `partner` is empty where it is about us.
    """

    name: str
    path: Path
    role: str = ""
    partner: str = ""
    is_crl: bool = False

    @property
    def title(self) -> str:
        """What it is called in alerts."""
        return f"revocation {self.name}" if self.is_crl else f"certificate {self.name}"


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when something holds."""

    begins: datetime
    ends: datetime


def certificates_of(config: GatewayConfig) -> tuple[Expiring, ...]:
    """Those that sign, and those of the line, ours and the partners'."""
    return (
        Expiring("of the seal", Path(config.keys.seal_certificate), "seal"),
        Expiring("of the gateway", Path(config.keys.gateway_certificate), "gateway"),
        *certificates_of_line(config.line, config.partners),
    )


def certificates_of_line(line: LineConfig, partners: tuple[PartnerConfig, ...]) -> Iterator[Expiring]:
    """Those for TLS, for secure authentication and for the services for files."""
    if line.certificate is not None:
        yield Expiring("of the line", Path(line.certificate), "line")
    for one in partners:
        name, files = one.name, one.services
        for role, what, path in (
            ("tls_anchor", f"of {name} for TLS", one.tls_anchor),
            ("tls_crl", f"lists for {name}", one.tls_crl),
            ("auth", f"of ours for {name}", one.auth_certificate),
            ("partner_auth", f"of {name} for authentication", one.partner_auth_certificate),
            ("files", f"of ours for files with {name}", files.certificate),
            ("partner_files", f"of {name} for files", files.partner_certificates),
        ):
            if path is not None:
                yield Expiring(what, Path(path), role, name, is_crl=role == "tls_crl")


def term_of(one: Expiring) -> Term:
    """How long the file lasts: as long as what ends first in it. ConfigurationFault if it cannot be read.

    Of several certificates of one subject the last counts, for that is how one takes the place of another.
    """
    try:
        found = one.path.stat()
    except OSError as error:
        raise ConfigurationFault(f"{one.path}: cannot be read: {error.strerror}") from error
    return _term(one.path, one.is_crl, (found.st_mtime_ns, found.st_size, found.st_ino))


@lru_cache(maxsize=_KEPT)
def _term(path: Path, is_crl: bool, _stamp: object) -> Term:
    """All files are looked at every few seconds; read they are when `_stamp` has changed."""
    if is_crl:
        lists = read_crls(path)
        terms = [(str(each.issuer), each.last_update_utc, each.next_update_utc) for each in lists]
    else:
        certificates = load_certificates(path)
        terms = [(each.subject, each.not_before, each.not_after) for each in certificates]
    lasts: dict[str, Term] = {}
    for name, begins, ends in terms:
        term = Term(begins, ends or begins)
        if name not in lasts or lasts[name].ends < term.ends:
            lasts[name] = term
    return min(lasts.values(), key=lambda term: term.ends)


def expiry_trouble(one: Expiring, now: datetime) -> str | None:
    """What is to be told of a file at `now`; None while there is time."""
    try:
        term = term_of(one)
    except ConfigurationFault as error:
        return str(error)
    if one.is_crl:
        return _crl_trouble(one.path, term, now)
    return certificate_trouble(str(one.path), term.ends, now)


def certificate_trouble(what: str, ends: datetime, now: datetime) -> str | None:
    """What is to be told of a certificate at `now`, anew at each of `NOTICE_DAYS`; or None."""
    if now > ends:
        return f"{what} has expired on {_when(ends)}"
    left = (ends - now).total_seconds() / 86_400
    for days in NOTICE_DAYS:
        if left <= days:
            return f"{what} expires on {_when(ends)}: {days} {'day' if days == 1 else 'days'} left at most"
    return None


def terms(those: Iterable[Expiring]) -> Iterator[tuple[Expiring, Term]]:
    """Each file with how long it lasts; those that cannot be read, of which alerts tell, are left out."""
    for one in those:
        try:
            term = term_of(one)
        except ConfigurationFault:
            continue
        yield one, term


def _when(ends: datetime) -> str:
    return ends.astimezone(BUSINESS_ZONE).isoformat(timespec="minutes")


def _crl_trouble(path: Path, term: Term, now: datetime) -> str | None:
    when = _when(term.ends)
    if now > term.ends:
        return (
            f"{path} is out of date since {when}, nobody of its issuer is let in: fetch the new one, reload"
        )
    notice = min((term.ends - term.begins) / _CRL_SHARE, _CRL_NOTICE_MAX)
    if term.ends - now <= notice:
        return f"{path} is out of date on {when}: fetch the new one, then gatewayd ctl reload"
    return None
