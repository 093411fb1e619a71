"""The catalogue of reasons for which a signature or a certificate is refused."""

from __future__ import annotations

from typing import Final

from licencexml import place
from licencexml.rejection import Reason

_SIGNED_ONLY = "商办配函〔2015〕494号 art. 23"
_UNALTERED = "商办配函〔2015〕494号 art. 2, 16"
_APPROVED_CA = "商办配函〔2015〕494号 art. 24"
_SIGN_AGAIN = "Sign the message again by the profile of this gateway, and send it again."
_NEW_CERTIFICATE = (
    "Sign with a certificate that is registered with the licence bureau and valid, and send again."
)

#: A partner's text shown in a rejection is cut to this many characters.
_SHOWN_CHARACTERS: Final = 100


def shown(text: str | None) -> str:
    """`text` from a message or a certificate, fit to be shown."""
    return place.shown(text or "", _SHOWN_CHARACTERS)


# --- Where the signature stands, and what it refers to

UNSIGNED = Reason(
    "UNSIGNED",
    "报文没有电子签名。",
    "The message is not signed: it has no ds:Signature as its own child.",
    _SIGNED_ONLY,
    "Sign the message (enveloped signature, last child of the message's element), and send it again.",
)
SEVERAL_SIGNATURES = Reason(
    "SEVERAL_SIGNATURES",
    "报文含有{count}个电子签名，只允许一个。",
    "The message has {count} signatures of its own; exactly one is allowed.",
    _SIGNED_ONLY,
    _SIGN_AGAIN,
)
SIGNATURE_NOT_LAST = Reason(
    "SIGNATURE_NOT_LAST",
    "电子签名必须是报文元素的最后一个子元素。",
    "The signature must be the last child of the message's element, with nothing behind it.",
    "message schema",
    _SIGN_AGAIN,
)
ID_MISSING = Reason(
    "ID_MISSING",
    "被签名的元素没有有效的ID属性。",
    "The signed element has no valid ID attribute, so that no signature can refer to it.",
    "XML-DSig core 4.4.3.1",
    _SIGN_AGAIN,
)
ID_REPEATED = Reason(
    "ID_REPEATED",
    "ID“{id}”在文件中出现了{count}次，签名所指的内容不唯一。",
    "The ID '{id}' stands {count} times in the file: what the signature refers to is ambiguous.",
    _UNALTERED,
    "Give each message of a file its own ID, and send it again.",
)
WRONG_REFERENCE = Reason(
    "WRONG_REFERENCE",
    "签名引用的是“{uri}”，而不是包含它的元素“#{id}”。",
    "The signature refers to '{uri}', not to the very element that contains it ('#{id}').",
    _UNALTERED,
    _SIGN_AGAIN,
)
SEVERAL_REFERENCES = Reason(
    "SEVERAL_REFERENCES",
    "签名含有{count}个引用，必须恰好一个。",
    "The signature has {count} references; exactly one is allowed.",
    "XML-DSig core 4.4.3",
    _SIGN_AGAIN,
)

# --- What the signature is made of

SIGNATURE_MALFORMED = Reason(
    "SIGNATURE_MALFORMED",
    "电子签名的结构不符合要求：{element} 中有不允许的内容（{found}）。",
    "The signature is not built as it must be: {element} holds what is not allowed there ({found}).",
    "XML-DSig core 4",
    _SIGN_AGAIN,
)
TRANSFORMS_REFUSED = Reason(
    "TRANSFORMS_REFUSED",
    "签名的变换必须依次为 enveloped-signature 和 exc-c14n，实际为：{found}。",
    "The transforms must be enveloped-signature, then exclusive canonicalisation; found: {found}.",
    "XML-DSig core 4.4.3.4",
    _SIGN_AGAIN,
)
ALGORITHM_REFUSED = Reason(
    "ALGORITHM_REFUSED",
    "{element} 使用了不允许的算法“{algorithm}”。",
    "{element} names an algorithm that is not allowed: '{algorithm}'.",
    "XML-DSig core 6",
    "Sign with SHA-256 (or 384, 512) and RSA of 2048 bits or more or ECDSA P-256 or P-384.",
)
NOT_BASE64 = Reason(
    "NOT_BASE64",
    "{element} 不是严格的 Base64。",
    "{element} is not strict base64.",
    "XML-DSig core 4.1",
    _SIGN_AGAIN,
)
KEY_INFO_REFUSED = Reason(
    "KEY_INFO_REFUSED",
    "KeyInfo 必须恰好含有一份签名人的 X509Certificate，实际为：{found}。",
    "KeyInfo must hold X509Data with exactly one X509Certificate, the signer's; found: {found}.",
    "XML-DSig core 4.5.4",
    "Put the signer's certificate, and no other key or certificate, into KeyInfo.",
)
NOT_CANONICAL = Reason(
    "NOT_CANONICAL",
    "报文无法规范化：{detail}",
    "The message cannot be canonicalised: {detail}",
    "Exclusive XML Canonicalization 1.0",
    "Send a message without a DOCTYPE, without entities, and with absolute namespace names.",
)

# --- The cryptography

CONTENT_CHANGED = Reason(
    "CONTENT_CHANGED",
    "报文内容与签名时不一致：签名后被更改。",
    "The content is not what was signed: it was changed after signing.",
    _UNALTERED,
    "Send the message as it was signed; if its content must change, sign it again.",
)
SIGNATURE_WRONG = Reason(
    "SIGNATURE_WRONG",
    "签名值与证书的公钥不符。",
    "The signature value does not fit the certificate's public key.",
    _SIGNED_ONLY,
    _SIGN_AGAIN,
)
SIGNATURE_LENGTH = Reason(
    "SIGNATURE_LENGTH",
    "签名值长度为{found}字节，应为{expected}字节。",
    "The signature value has {found} bytes where this key gives {expected} (ECDSA: r and s side by side).",
    "XML-DSig core 6.4",
    _SIGN_AGAIN,
)
KEY_MISFIT = Reason(
    "KEY_MISFIT",
    "签名算法“{algorithm}”与证书的密钥（{key}）不匹配。",
    "The signature method '{algorithm}' does not fit the certificate's key ({key}).",
    "XML-DSig core 6.4",
    _SIGN_AGAIN,
)
UNDECIDED = Reason(
    "UNDECIDED",
    "签名的验证结果不一致，拒绝该报文。",
    "Two ways to verify this signature do not agree; it is refused.",
    _SIGNED_ONLY,
    "Sign by the fixed shape of this gateway, and tell the operators.",
)

# --- The certificate

CERTIFICATE_UNREADABLE = Reason(
    "CERTIFICATE_UNREADABLE",
    "签名证书无法读取。",
    "The signer's certificate cannot be read as an X.509 certificate of a supported kind.",
    "RFC 5280 section 4.1",
    _NEW_CERTIFICATE,
)
SIGNER_UNKNOWN = Reason(
    "SIGNER_UNKNOWN",
    "签名证书“{subject}”不是由受信任的机构颁发的。",
    "The certificate '{subject}' was not issued by an authority that is trusted here.",
    _APPROVED_CA,
    _NEW_CERTIFICATE,
)
WRONG_ROLE = Reason(
    "WRONG_ROLE",
    "证书“{subject}”的角色是{found_zh}，而此报文必须由{wanted_zh}签名。",
    "The certificate '{subject}' has the role {found}; this message must be signed by {wanted}.",
    _SIGNED_ONLY,
    "Sign with the certificate of the right role, and send again.",
)
CERTIFICATE_EXPIRED = Reason(
    "CERTIFICATE_EXPIRED",
    "证书“{subject}”已于{not_after}过期。",
    "The certificate '{subject}' expired at {not_after}.",
    _APPROVED_CA,
    _NEW_CERTIFICATE,
)
CERTIFICATE_NOT_YET_VALID = Reason(
    "CERTIFICATE_NOT_YET_VALID",
    "证书“{subject}”从{not_before}起才有效。",
    "The certificate '{subject}' is not valid before {not_before}.",
    _APPROVED_CA,
    "Check the clock of the signing machine, or wait until the certificate is valid.",
)
CA_CERTIFICATE = Reason(
    "CA_CERTIFICATE",
    "证书“{subject}”是CA证书，不得用于签署报文。",
    "The certificate '{subject}' is an authority's own; it must not sign messages.",
    "RFC 5280 section 4.2.1.9",
    _NEW_CERTIFICATE,
)
NOT_FOR_SIGNING = Reason(
    "NOT_FOR_SIGNING",
    "证书“{subject}”的密钥用途不含 digitalSignature。",
    "The key usage of the certificate '{subject}' lacks digitalSignature.",
    "RFC 5280 section 4.2.1.3",
    _NEW_CERTIFICATE,
)
KEY_REFUSED = Reason(
    "KEY_REFUSED",
    "证书“{subject}”的密钥不符合要求：{found}。",
    "The key of the certificate '{subject}' is not acceptable: {found}.",
    "configured: RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384",
    _NEW_CERTIFICATE,
)
CERTIFICATE_HASH_REFUSED = Reason(
    "CERTIFICATE_HASH_REFUSED",
    "证书“{subject}”本身以不允许的算法签署：{found}。",
    "The certificate '{subject}' was itself signed with an algorithm that is not allowed: {found}.",
    "configured: SHA-256, SHA-384 or SHA-512",
    _NEW_CERTIFICATE,
)
CRITICAL_EXTENSION = Reason(
    "CRITICAL_EXTENSION",
    "证书“{subject}”含有无法处理的关键扩展：{found}。",
    "The certificate '{subject}' has critical extensions that are not understood here: {found}.",
    "RFC 5280 section 4.2",
    _NEW_CERTIFICATE,
)
NO_PARTICIPANT = Reason(
    "NO_PARTICIPANT",
    "证书“{subject}”的主体没有唯一的CN，无法确定签名人。",
    "The subject of the certificate '{subject}' has not exactly one common name, which names the signer.",
    "configured: the common name is the participant's identifier",
    _NEW_CERTIFICATE,
)
SENDER_MISMATCH = Reason(
    "SENDER_MISMATCH",
    "报文的发送方是“{sender}”，而签名人是“{signer}”。",
    "The message says that '{sender}' sent it, but '{signer}' signed it.",
    _SIGNED_ONLY,
    "Sign with the certificate of the participant named as Sender.",
)

# --- Judging a bare file

CREATED_IN_FUTURE = Reason(
    "CREATED_IN_FUTURE",
    "报文的创建时间{created}晚于现在。",
    "The message says that it was created at {created}, which is yet to come.",
    "商办配函〔2015〕494号 art. 26",
    "Check the clock of this machine and that of the signer.",
)
TOO_MANY_MESSAGES = Reason(
    "TOO_MANY_MESSAGES",
    "文件含有{count}个报文，一次最多鉴定{limit}个。",
    "The file holds {count} messages; at most {limit} are judged at once.",
    "configured",
    "Give the messages in several files.",
)
NOT_SIGNED_KIND = Reason(
    "NOT_SIGNED_KIND",
    "“{kind}”不是本系统认识的签名报文。",
    "'{kind}' is not a signed message that is known here.",
    "message schema",
    "Give a file with a licence, sealed licence, write-off or acknowledgement, or an interchange of such.",
)
