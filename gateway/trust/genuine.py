"""Is a file genuine? Who signed it, what was signed, and why not (商办配函〔2015〕494号 art. 26).

A licence outlives the certificates on it: each signature is judged at the instant at which its message says
that it was created, and a certificate that has expired since does no harm. There is no time-stamp from a
third party, so that this instant is the signer's own word: who steals a key can date a forgery back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from gateway.trust import faults
from gateway.trust.certificates import SIGNING_ROLES, TrustStore
from gateway.trust.telling import MessageFact, tell
from gateway.trust.verification import Identities, SignerInfo, Verified, verify
from licencexml import parsing, reading
from licencexml.messages import Message, SealedLicence
from licencexml.names import INTERCHANGE, local_name, qualified
from licencexml.place import where
from licencexml.rejection import Rejection
from licencexml.schema import Schemas

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_MESSAGES: Final = 2_000
#: How far the signer's clock may be ahead of ours.
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """One signature: on which message, by whom (None unless it holds), when the message says it was made.

    `expired_since` is when the certificate expired, if it has since.
    """

    kind: str
    signer: SignerInfo | None
    created: datetime | None
    expired_since: datetime | None
    rejections: tuple[Rejection, ...]

    @property
    def holds(self) -> bool:
        """Whether the signature is good."""
        return self.signer is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`genuine` if every message in the file is valid and every signature on it holds.

    `signatures` are in the order of the file, the seal before the issuer's; `what` has only messages that are
    genuine themselves. `rejections` are all, of the file and of its signatures.
    """

    genuine: bool
    signatures: tuple[SignatureReport, ...]
    what: tuple[MessageFact, ...]
    rejections: tuple[Rejection, ...]

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain JSON values; instants in ISO 8601, amounts as text."""
        return {
            "genuine": self.genuine,
            "signatures": [_signature_to_dict(report) for report in self.signatures],
            "what": [fact.to_dict() for fact in self.what],
            "rejections": [rejection.to_dict() for rejection in self.rejections],
        }


def judge(
    data: bytes, trust: TrustStore, schemas: Schemas, at: datetime, *, max_bytes: int = MAX_FILE_BYTES
) -> Verdict:
    """The verdict on the bytes of a file, at `at` (aware): a signed message, or an interchange of such."""
    assert at.tzinfo is not None, "an instant must be aware"
    try:
        root = parsing.parse(data, max_bytes=max_bytes)
        elements = reading.read_interchange_frame(root)[1] if root.tag == qualified(INTERCHANGE) else [root]
    except parsing.Malformed as malformed:
        return Verdict(False, (), (), tuple(malformed.rejections))
    if len(elements) > MAX_MESSAGES:
        return Verdict(
            False, (), (), (faults.TOO_MANY_MESSAGES.reject(count=len(elements), limit=MAX_MESSAGES),)
        )
    judgement = _Judgement(trust, schemas, at, Identities.of(root))
    for element in elements:
        judgement.message(element)
    return judgement.verdict()


class _Judgement:
    """Collects what is found in one file."""

    def __init__(self, trust: TrustStore, schemas: Schemas, at: datetime, identities: Identities) -> None:
        self._trust = trust
        self._schemas = schemas
        self._at = at
        self._identities = identities
        self._signatures: list[SignatureReport] = []
        self._what: list[MessageFact] = []
        self._rejections: list[Rejection] = []

    def verdict(self) -> Verdict:
        """What was found so far."""
        genuine = not self._rejections and bool(self._signatures)
        return Verdict(genuine, tuple(self._signatures), tuple(self._what), tuple(self._rejections))

    def message(self, element: etree._Element) -> None:
        """Judges one message with every signature on it."""
        before = len(self._rejections)
        if local_name(str(element.tag)) not in SIGNING_ROLES:
            kind = faults.shown(local_name(str(element.tag)))
            self._rejections.append(faults.NOT_SIGNED_KIND.reject(where(element), kind=kind))
            return
        self._rejections.extend(self._schemas.check(element))
        content = self._signature(element, self._identities)
        sealed = element if content is None else content
        if local_name(str(element.tag)) == SealedLicence.__name__:
            inner = reading.sealed_content(sealed)
            if inner is not None:
                self._signature(inner, None)
        if content is None or len(self._rejections) > before:
            return
        message = self._read(content)
        if message is not None:
            self._what.append(tell(message))

    def _signature(self, element: etree._Element, identities: Identities | None) -> etree._Element | None:
        """The verified content of `element`, or None."""
        kind = local_name(str(element.tag))
        created = _created(element)
        outcome = verify(
            element,
            trust=self._trust,
            roles=SIGNING_ROLES[kind],
            at=created or self._at,
            identities=identities,
        )
        rejections = list(outcome) if not isinstance(outcome, Verified) else []
        if created is not None and created > self._at + _CLOCK_TOLERANCE:
            rejections.append(faults.CREATED_IN_FUTURE.reject(where(element), created=created.isoformat()))
        self._rejections.extend(rejections)
        if not isinstance(outcome, Verified):
            self._signatures.append(SignatureReport(kind, None, created, None, tuple(rejections)))
            return None
        assert _created(outcome.element) == created, (
            "the parser leaves nothing that could be read in two ways"
        )
        expired = outcome.signer.not_after if outcome.signer.not_after < self._at else None
        self._signatures.append(SignatureReport(kind, outcome.signer, created, expired, tuple(rejections)))
        return outcome.element

    def _read(self, content: etree._Element) -> Message | None:
        try:
            return reading.read_message(content)
        except parsing.Malformed as malformed:
            self._rejections.extend(malformed.rejections)
            return None


def _created(element: etree._Element) -> datetime | None:
    """When the message says that it was created; None if it does not say so in the schema's way."""
    text = element.findtext(f"{qualified('Header')}/{qualified('Created')}") or ""
    try:
        instant = datetime.fromisoformat(text.strip(" \t\r\n"))
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


def _signature_to_dict(report: SignatureReport) -> dict[str, Any]:
    signer = report.signer
    return {
        "kind": report.kind,
        "holds": report.holds,
        "signer": signer and {**asdict(signer), "not_after": signer.not_after.isoformat()},
        "created": report.created and report.created.isoformat(),
        "expired_since": report.expired_since and report.expired_since.isoformat(),
        "rejections": [rejection.to_dict() for rejection in report.rejections],
    }
