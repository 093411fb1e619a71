"""The catalogue of reasons for which a signature or a certificate is refused."""

from __future__ import annotations

from typing import Final

from licencexml import place
from licencexml.rejection import Reason

_SIGNED_ONLY = "商办配函〔2015〕494号 art. 23"
_UNALTERED = "商办配函〔2015〕494号 art. 2, 16"
_APPROVED_CA = "商办配函〔2015〕494号 art. 24"
_SCHEMA = "urn:licence-exchange:1"
_SIGN_AGAIN = "请按本网关的签名格式重新签名后提交。 / Sign again by this gateway's profile, and hand it over."
_NEW_CERTIFICATE = (
    "请改用已在许可证局登记且有效的证书签名后提交。"
    " / Sign with a valid certificate that is registered with the licence bureau, and hand it over."
)

#: A partner's text shown in a rejection is cut to this many characters.
_SHOWN_CHARACTERS: Final = 100


def shown(text: str | None) -> str:
    """`text` from a message or a certificate, fit to be shown."""
    return place.shown(text or "", _SHOWN_CHARACTERS)


# --- Where the signature stands, and what it refers to

UNSIGNED = Reason(
    "UNSIGNED",
    "报文没有电子签名：其子元素中没有 ds:Signature。",
    "The message is not signed: it has no ds:Signature as its own child.",
    _SIGNED_ONLY,
    (
        "请以 enveloped 方式签名，签名置于报文元素末尾，然后提交。"
        " / Sign the message (enveloped signature, last child of the message's element), and hand it over."
    ),
)
SEVERAL_SIGNATURES = Reason(
    "SEVERAL_SIGNATURES",
    "报文含有 {count} 个电子签名，只允许一个。",
    "The message has {count} signatures of its own; exactly one is allowed.",
    _SIGNED_ONLY,
    _SIGN_AGAIN,
)
SIGNATURE_NOT_LAST = Reason(
    "SIGNATURE_NOT_LAST",
    "电子签名不是报文元素的最后一个子元素。",
    "The signature is not the last child of the message's element.",
    _SCHEMA,
    _SIGN_AGAIN,
)
ID_MISSING = Reason(
    "ID_MISSING",
    "被签名的元素没有有效的 ID 属性，签名无法引用。",
    "The signed element has no valid ID attribute, so that no signature can refer to it.",
    "XML-DSig core section 4.4.3.1",
    _SIGN_AGAIN,
)
ID_REPEATED = Reason(
    "ID_REPEATED",
    "ID“{id}”在文件中出现 {count} 次，签名所引用的内容不唯一。",
    'The ID "{id}" stands {count} times in the file: what the signature refers to is ambiguous.',
    _UNALTERED,
    (
        "请使文件中每份报文的 ID 唯一，重新签名后提交。"
        " / Give each message of the file an ID of its own, sign again and hand it over."
    ),
)
WRONG_REFERENCE = Reason(
    "WRONG_REFERENCE",
    "签名引用的是“{uri}”，而不是签名所在的元素“#{id}”。",
    'The signature refers to "{uri}", not to the very element that contains it ("#{id}").',
    _UNALTERED,
    _SIGN_AGAIN,
)
SEVERAL_REFERENCES = Reason(
    "SEVERAL_REFERENCES",
    "签名含有 {count} 个引用，只允许一个。",
    "The signature has {count} references; exactly one is allowed.",
    "XML-DSig core section 4.4.3",
    _SIGN_AGAIN,
)

# --- What the signature is made of

SIGNATURE_MALFORMED = Reason(
    "SIGNATURE_MALFORMED",
    "电子签名的结构不符合要求：{element} 中有不允许的内容（{found}）。",
    "The signature is not built as it must be: {element} holds what is not allowed there ({found}).",
    "XML-DSig core section 4",
    _SIGN_AGAIN,
)
TRANSFORMS_REFUSED = Reason(
    "TRANSFORMS_REFUSED",
    "签名的变换应依次为 enveloped-signature 和 exc-c14n，实际为：{found}。",
    "The transforms must be enveloped-signature, then exc-c14n; found: {found}.",
    "XML-DSig core section 4.4.3.4",
    _SIGN_AGAIN,
)
ALGORITHM_REFUSED = Reason(
    "ALGORITHM_REFUSED",
    "{element} 使用了不允许的算法“{algorithm}”。",
    '{element} names an algorithm that is not allowed: "{algorithm}".',
    "XML-DSig core section 6",
    (
        "请以 SHA-256、SHA-384 或 SHA-512，配合 2048 位以上的 RSA 或 P-256、P-384 的 ECDSA 签名。"
        " / Sign with SHA-256, SHA-384 or SHA-512, with RSA of 2048 bits or more or ECDSA P-256 or P-384."
    ),
)
NOT_BASE64 = Reason(
    "NOT_BASE64",
    "{element} 的内容不是严格的 Base64。",
    "The content of {element} is not strict Base64.",
    "XML-DSig core section 4.1",
    _SIGN_AGAIN,
)
KEY_INFO_REFUSED = Reason(
    "KEY_INFO_REFUSED",
    "KeyInfo 应恰好含有一份签名人的 X509Certificate，实际为：{found}。",
    "KeyInfo must hold exactly one X509Certificate, the signer's; found: {found}.",
    "XML-DSig core section 4.5.4",
    (
        "请在 KeyInfo 中只放签名人的证书，不放其他密钥或证书。"
        " / Put the signer's certificate, and no other key or certificate, into KeyInfo."
    ),
)
NOT_CANONICAL = Reason(
    "NOT_CANONICAL",
    "报文无法规范化（{detail}）。",
    "The message cannot be canonicalised ({detail}).",
    "Exclusive XML Canonicalization 1.0",
    (
        "请提交不含 DOCTYPE 和实体、命名空间均为绝对名称的报文。"
        " / Hand over a message without a DOCTYPE, without entities, and with absolute namespace names."
    ),
)

# --- The cryptography

CONTENT_CHANGED = Reason(
    "CONTENT_CHANGED",
    "报文内容与签名时的内容不一致。",
    "The content of the message is not the content that was signed.",
    _UNALTERED,
    (
        "请按签名时的原样提交；内容确需改动的，改动后重新签名。"
        " / Hand the message over as it was signed; if its content must change, sign it again."
    ),
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
    "签名值为 {found} 字节，此密钥的签名值应为 {expected} 字节（ECDSA 为 r、s 并列）。",
    "The signature value has {found} bytes where this key gives {expected} (ECDSA: r and s side by side).",
    "XML-DSig core section 6.4",
    _SIGN_AGAIN,
)
KEY_MISFIT = Reason(
    "KEY_MISFIT",
    "签名算法“{algorithm}”与证书的密钥（{key}）不匹配。",
    'The signature method "{algorithm}" does not fit the certificate\'s key ({key}).',
    "XML-DSig core section 6.4",
    _SIGN_AGAIN,
)
UNDECIDED = Reason(
    "UNDECIDED",
    "两种方法对此签名的验证结果不一致，不予接受。",
    "Two ways to verify this signature do not agree; it is not accepted.",
    _SIGNED_ONLY,
    (
        "请按本网关的签名格式重新签名后提交，并告知许可证局。"
        " / Sign again by this gateway's profile, hand it over, and tell the licence bureau."
    ),
)

# --- The certificate

CERTIFICATE_UNREADABLE = Reason(
    "CERTIFICATE_UNREADABLE",
    "签名人的证书无法作为所支持的 X.509 证书读取。",
    "The signer's certificate cannot be read as an X.509 certificate of a supported kind.",
    "RFC 5280 section 4.1",
    _NEW_CERTIFICATE,
)
SIGNER_UNKNOWN = Reason(
    "SIGNER_UNKNOWN",
    "证书“{subject}”不是由此处信任的机构颁发的。",
    'The certificate "{subject}" was not issued by an authority that is trusted here.',
    _APPROVED_CA,
    _NEW_CERTIFICATE,
)
WRONG_ROLE = Reason(
    "WRONG_ROLE",
    "证书“{subject}”的角色为{found_zh}，此报文须由{wanted_zh}签名。",
    'The certificate "{subject}" has the role {found}; this message must be signed by {wanted}.',
    _SIGNED_ONLY,
    "请使用相应角色的证书重新签名后提交。 / Sign with the certificate of the right role, and hand it over.",
)
CERTIFICATE_EXPIRED = Reason(
    "CERTIFICATE_EXPIRED",
    "证书“{subject}”已于 {not_after} 过期。",
    'The certificate "{subject}" expired at {not_after}.',
    _APPROVED_CA,
    _NEW_CERTIFICATE,
)
CERTIFICATE_NOT_YET_VALID = Reason(
    "CERTIFICATE_NOT_YET_VALID",
    "证书“{subject}”自 {not_before} 起才有效。",
    'The certificate "{subject}" is not valid before {not_before}.',
    _APPROVED_CA,
    (
        "请校准签名计算机的时钟，或待证书生效后再签名提交。"
        " / Check the clock of the signing machine, or sign when the certificate has become valid."
    ),
)
CA_CERTIFICATE = Reason(
    "CA_CERTIFICATE",
    "证书“{subject}”是 CA 证书，不能用于签署报文。",
    'The certificate "{subject}" is an authority\'s own, and cannot sign messages.',
    "RFC 5280 section 4.2.1.9",
    _NEW_CERTIFICATE,
)
NOT_FOR_SIGNING = Reason(
    "NOT_FOR_SIGNING",
    "证书“{subject}”的密钥用途不含 digitalSignature。",
    'The key usage of the certificate "{subject}" lacks digitalSignature.',
    "RFC 5280 section 4.2.1.3",
    _NEW_CERTIFICATE,
)
KEY_REFUSED = Reason(
    "KEY_REFUSED",
    "证书“{subject}”的密钥不符合要求（{found}）。",
    'The key of the certificate "{subject}" is not acceptable ({found}).',
    "configured: RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384",
    _NEW_CERTIFICATE,
)
CERTIFICATE_HASH_REFUSED = Reason(
    "CERTIFICATE_HASH_REFUSED",
    "证书“{subject}”本身是用不允许的算法签署的（{found}）。",
    'The certificate "{subject}" was itself signed with an algorithm that is not allowed ({found}).',
    "configured: SHA-256, SHA-384 or SHA-512",
    _NEW_CERTIFICATE,
)
CRITICAL_EXTENSION = Reason(
    "CRITICAL_EXTENSION",
    "证书“{subject}”含有此处无法处理的关键扩展（{found}）。",
    'The certificate "{subject}" has critical extensions that are not understood here ({found}).',
    "RFC 5280 section 4.2",
    _NEW_CERTIFICATE,
)
NO_PARTICIPANT = Reason(
    "NO_PARTICIPANT",
    "证书“{subject}”的主体没有唯一的通用名（CN），无法确定签名人。",
    'The subject of the certificate "{subject}" has not exactly one common name, which names the signer.',
    "configured: the common name is the participant's identifier",
    _NEW_CERTIFICATE,
)
SENDER_MISMATCH = Reason(
    "SENDER_MISMATCH",
    "报文的发送方是“{sender}”，而签名人是“{signer}”。",
    'The message says that "{sender}" sent it, but "{signer}" signed it.',
    _SIGNED_ONLY,
    (
        "请使用 Sender 所列参与方的证书签名后提交。"
        " / Sign with the certificate of the participant named as Sender, and hand it over."
    ),
)

# --- Judging a bare file

CREATED_IN_FUTURE = Reason(
    "CREATED_AFTER_NOW",
    "报文的生成时间 {created} 晚于鉴定时间。",
    "The message says that it was created at {created}, which is yet to come.",
    "configured",
    (
        "请校准本机时钟，并请签名人核对其时钟。"
        " / Check the clock of this machine, and ask the signer to check theirs."
    ),
)
TOO_MANY_MESSAGES = Reason(
    "TOO_MANY_MESSAGES",
    "文件含有 {count} 份报文，一次最多鉴定 {limit} 份。",
    "The file holds {count} messages; at most {limit} are judged at once.",
    "configured",
    "请将报文分成几个文件。 / Give the messages in several files.",
)
NOT_SIGNED_KIND = Reason(
    "NOT_SIGNED_KIND",
    "“{kind}”不是此处所知的签名报文。",
    '"{kind}" is not a signed message that is known here.',
    _SCHEMA,
    (
        "请提供含有许可证签发报文、签章许可证、核销报文、回执或交换的文件。"
        " / Give a file with a licence issue, sealed licence, write-off, acknowledgement or interchange."
    ),
)
