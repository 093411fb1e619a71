"""The catalogue of reasons for which a document cannot be read as a message.

The remedies are in Chinese and English, as the sentences are. `{field}`-like places are filled by the caller;
what a parser says of a document (`detail`) stands in brackets, as it is no sentence of ours.
"""

from __future__ import annotations

from licencexml.rejection import Reason

_XML = "XML 1.0 (Fifth Edition)"
_SCHEMA = "urn:licence-exchange:1"
_LIMIT = "configured"
_SECURITY = "urn:licence-exchange:1, XML 1.0 section 2.8"


def _both(zh: str, en: str) -> str:
    return f"{zh} / {en}"


# --- the file ---

EMPTY = Reason(
    "XML_EMPTY",
    "文件是空的。",
    "The file is empty.",
    _XML,
    _both("请重新生成并完整提交该文件。", "Produce the file again and hand it over whole."),
)
TOO_LARGE = Reason(
    "XML_TOO_LARGE",
    "文件有 {size} 字节，超过上限 {limit} 字节。",
    "The file has {size} bytes; at most {limit} are accepted.",
    _LIMIT,
    _both("请拆分成几个文件后分别提交。", "Split it and hand over the parts."),
)
NOT_XML = Reason(
    "XML_BINARY",
    "文件不是 XML 文档：{detail_zh}。",
    "The file is not an XML document: {detail_en}.",
    _XML,
    _both("请提交未压缩、未加密的 XML 文本。", "Hand over XML text, neither compressed nor encrypted."),
)
TRUNCATED = Reason(
    "XML_TRUNCATED",
    "文件在第 {line} 行中断，内容不完整。",
    "The file breaks off at line {line}: it is not complete.",
    _XML,
    _both(
        "请重新完整提交该文件（先写成 .tmp 文件，再改名）。",
        "Hand the file over again, whole (write it as .tmp, then rename it).",
    ),
)
NOT_WELL_FORMED = Reason(
    "XML_NOT_WELL_FORMED",
    "从第 {line} 行第 {column} 列起不是格式良好的 XML（{detail}）。",
    "The file is not well-formed XML from line {line}, column {column} on ({detail}).",
    _XML,
    _both(
        "请使用 XML 库生成文件，不要拼接字符串。",
        "Write the file with an XML library, not by joining strings.",
    ),
)
XML_VERSION = Reason(
    "XML_VERSION_UNSUPPORTED",
    "XML 声明的版本为“{version}”，只接受 1.0。",
    'The XML declaration says version "{version}"; only 1.0 is accepted.',
    "XML 1.0 section 2.8",
    _both("请改用 XML 1.0。", "Use XML 1.0."),
)
ENCODING_UNSUPPORTED = Reason(
    "ENCODING_UNSUPPORTED",
    "文件的编码为“{encoding}”，只接受 UTF-8 和 GB18030。",
    'The encoding of the file is "{encoding}"; only UTF-8 and GB18030 are accepted.',
    "XML 1.0 section 4.3.3",
    _both("请改用 UTF-8，或改用 GB18030 并在文件中声明。", "Use UTF-8, or use GB18030 and declare it."),
)
ENCODING_MISMATCH = Reason(
    "ENCODING_MISMATCH",
    "文件声明的编码为 {declared}，但从第 {line} 行起的字节不是 {declared}{guess_zh}。",
    "The file declares {declared}, but from line {line} on its bytes are not {declared}{guess_en}.",
    "XML 1.0 section 4.3.3",
    _both("请使声明与实际编码一致。", "Declare the encoding that the file really has."),
)

# --- what no message may contain ---

DOCTYPE = Reason(
    "DOCTYPE_FORBIDDEN",
    "文件含有文档类型声明（DOCTYPE），不予接受。",
    "The file has a document type declaration (DOCTYPE); none is accepted.",
    _SECURITY,
    _both("请去掉 DOCTYPE。", "Remove the DOCTYPE."),
)
ENTITY = Reason(
    "ENTITY_FORBIDDEN",
    "第 {line} 行使用了未预定义的实体（{detail}）。",
    "Line {line} uses an entity that is not predefined ({detail}).",
    "XML 1.0 section 4.6",
    _both("请直接写出该字符，或使用数字字符引用。", "Write the character itself or a numeric reference."),
)
PROCESSING_INSTRUCTION = Reason(
    "PI_FORBIDDEN",
    "文件含有处理指令“{target}”，不予接受。",
    'The file has a processing instruction "{target}"; none is accepted.',
    _SCHEMA,
    _both("请去掉处理指令。", "Remove the processing instruction."),
)
XINCLUDE = Reason(
    "XINCLUDE_FORBIDDEN",
    "文件含有 XInclude 元素，不予接受，也未执行。",
    "The file has an XInclude element; it is not accepted and was not followed.",
    _SCHEMA,
    _both("请直接写入所引用的内容。", "Write the included content itself."),
)
DEPTH = Reason(
    "DEPTH_EXCEEDED",
    "元素嵌套超过 {limit} 层。",
    "Elements are nested more than {limit} deep.",
    _LIMIT,
    _both("请按报文模式生成。", "Follow the message schema."),
)
ELEMENTS = Reason(
    "ELEMENTS_EXCEEDED",
    "文件的元素或属性超过 {limit} 个。",
    "The file has more than {limit} elements or attributes.",
    _LIMIT,
    _both("请拆分成几个文件后分别提交。", "Split it and hand over the parts."),
)
ATTRIBUTES = Reason(
    "ATTRIBUTES_EXCEEDED",
    "一个元素的属性超过 {limit} 个。",
    "An element has more than {limit} attributes.",
    _LIMIT,
    _both("请按报文模式生成。", "Follow the message schema."),
)
TEXT_LIMIT = Reason(
    "TEXT_TOO_LONG",
    "从第 {line} 行起的单个文本或属性超过解析上限。",
    "A single text or attribute from line {line} on is longer than the parser's limit.",
    _LIMIT,
    _both("请按报文模式生成。", "Follow the message schema."),
)
NAMESPACE = Reason(
    "NAMESPACE_WRONG",
    "根元素“{name}”的命名空间为“{found}”，应为“{expected}”。",
    'The root element "{name}" is in the namespace "{found}"; "{expected}" is expected.',
    _SCHEMA,
    _both("请在根元素上声明正确的命名空间。", "Declare the right namespace on the root element."),
)
VERSION = Reason(
    "SCHEMA_VERSION_UNKNOWN",
    "不支持报文版本“{found}”，支持的版本为 {expected}。",
    'The message version "{found}" is not supported; the version supported is {expected}.',
    _SCHEMA,
    _both("请改用所支持的版本。", "Use the supported version."),
)
ROOT = Reason(
    "MESSAGE_UNKNOWN",
    "“{name}”不是本交换的报文。",
    '"{name}" is not a message of this exchange.',
    _SCHEMA,
    _both("请使用报文模式所定义的报文。", "Use a message that the message schema defines."),
)
DUPLICATE_ID = Reason(
    "ID_DUPLICATE",
    "ID“{value}”在文件中不止出现一次（首次在第 {first} 行）。",
    'The ID "{value}" stands more than once in the file (first on line {first}).',
    "XML-DSig core section 4.4.3.2",
    _both("请使文件中的每个 ID 唯一。", "Make every ID in the file unique."),
)

# --- the schema, field by field ---

MISSING = Reason(
    "FIELD_MISSING",
    "“{parent_zh}”缺少必填项“{field_zh}”（{name}）。",
    'The required field "{field_en}" ({name}) is missing from "{parent_en}".',
    _SCHEMA,
    _both("请补填 {name}。", "Supply {name}."),
)
UNEXPECTED = Reason(
    "FIELD_UNEXPECTED",
    "“{parent_zh}”中不应有元素 {name}。",
    'The element {name} has no place in "{parent_en}".',
    _SCHEMA,
    _both(
        "请去掉该元素，或核对其名称、命名空间和许可证种类。",
        "Remove the element, or check its name, its namespace and the licence type.",
    ),
)
REPEATED = Reason(
    "FIELD_REPEATED",
    "“{field_zh}”（{name}）最多 {limit} 个，实有 {found} 个。",
    '"{field_en}" ({name}) stands {found} times; at most {limit} are permitted.',
    _SCHEMA,
    _both("请去掉多余的 {name}。", "Remove the surplus {name}."),
)
ORDER = Reason(
    "FIELD_OUT_OF_ORDER",
    "“{field_zh}”（{name}）的位置不对，应在 {after} 之前。",
    '"{field_en}" ({name}) is out of order: it belongs before {after}.',
    _SCHEMA,
    _both("请按报文模式的顺序排列各元素。", "Put the elements in the order of the message schema."),
)
ATTRIBUTE_MISSING = Reason(
    "ATTRIBUTE_MISSING",
    "“{field_zh}”缺少必填属性“{attribute_zh}”（{name}）。",
    '"{field_en}" lacks the required attribute "{attribute_en}" ({name}).',
    _SCHEMA,
    _both("请补填属性 {name}。", "Supply the attribute {name}."),
)
ATTRIBUTE_UNEXPECTED = Reason(
    "ATTRIBUTE_UNEXPECTED",
    "“{field_zh}”不应有属性 {name}。",
    '"{field_en}" may not have the attribute {name}.',
    _SCHEMA,
    _both("请去掉该属性。", "Remove the attribute."),
)
STRAY_TEXT = Reason(
    "TEXT_UNEXPECTED",
    "“{field_zh}”的子元素之间有文本“{found}”。",
    'There is text "{found}" between the elements of "{field_en}".',
    _SCHEMA,
    _both("请去掉该文本。", "Remove the text."),
)

_VALUE_REMEDY = _both("请按要求更正“{field_zh}”。", 'Correct "{field_en}" as required.')


def _value(code: str, zh: str, en: str) -> Reason:
    """A fault of one value; `expected_zh` and `expected_en` are whole sentences of the schema's own notes."""
    return Reason(
        code,
        "“{field_zh}”" + zh + "：“{found}”。要求：{expected_zh}",
        '"{field_en}" ' + en + ': "{found}". Required: {expected_en}',
        _SCHEMA,
        _VALUE_REMEDY,
    )


VALUE_EMPTY = _value("VALUE_EMPTY", "未填写", "is empty")
VALUE_TYPE = _value("VALUE_WRONG_TYPE", "的值类型不对", "is of the wrong type")
VALUE_FORMAT = _value("VALUE_WRONG_FORMAT", "的格式不对", "has the wrong format")
VALUE_TOO_LONG = _value("VALUE_TOO_LONG", "过长", "is too long")
VALUE_TOO_PRECISE = _value("VALUE_TOO_PRECISE", "的小数位过多", "has too many decimal places")
VALUE_TOO_LARGE = _value("VALUE_TOO_LARGE", "的数值过大", "is too large a number")
VALUE_TOO_SMALL = _value("VALUE_TOO_SMALL", "的数值过小", "is too small a number")
VALUE_NOT_LISTED = _value("VALUE_NOT_LISTED", "的值不在允许范围内", "is none of the permitted values")
SCHEMA_VIOLATION = Reason(
    "SCHEMA_VIOLATION",
    "“{field_zh}”不符合报文模式（{detail}）。",
    '"{field_en}" does not follow the message schema ({detail}).',
    _SCHEMA,
    _both("请按报文模式生成。", "Follow the message schema."),
)
LEFT_OUT = Reason(
    "FAULTS_LEFT_OUT",
    "问题不止所列，此处只列出前 {shown} 项。",
    "There are more faults than these; the first {shown} are listed.",
    _LIMIT,
    _both("请更正所列问题后重新提交。", "Put the listed faults right and hand the file over again."),
)

# --- what the schema cannot say ---

PARTY_CODE = Reason(
    "PARTY_CODE_CHECK_CHARACTER",
    "企业代码“{code}”的校验码不对，应为“{expected}”。",
    'The check character of the party code "{code}" is wrong; it should be "{expected}".',
    "GB 32100-2015",
    _both("请核对统一社会信用代码。", "Check the unified social credit code."),
)
MESSAGE_ID_ATTRIBUTE = Reason(
    "MESSAGE_ID_ATTRIBUTE",
    "报文的 ID 属性为“{found}”，应为“{expected}”（下划线加报文标识）。",
    'The ID attribute of the message is "{found}"; "{expected}" is expected (underscore and MessageID).',
    _SCHEMA,
    _both(
        "请使 ID 属性与 MessageID 一致后重新签名。", "Derive the ID attribute from MessageID and sign again."
    ),
)
LINE_NUMBER = Reason(
    "LINE_NUMBER_REPEATED",
    "行号 {number} 不止出现一次。",
    "The line number {number} stands more than once.",
    _SCHEMA,
    _both("请使每一行的行号唯一。", "Give each line a number of its own."),
)
CURRENCY = Reason(
    "CURRENCY_MIXED",
    "同一许可证使用了多种币别：{found}。",
    "The licence uses more than one currency: {found}.",
    "GB/T 15311.1-2008, GB/T 15311.2-2008, box 15",
    _both("请对各商品行使用同一币别。", "Use one currency for all goods lines."),
)
TOTAL = Reason(
    "TOTAL_WRONG",
    "“{field_zh}”为 {found}，各行合计为 {expected}。",
    '"{field_en}" is {found}; the lines add up to {expected}.',
    "GB/T 15311.1-2008, GB/T 15311.2-2008, box 18",
    _both("请使总计与各行合计一致。", "Make the total agree with the lines."),
)
FORM_NUMBER = Reason(
    "FORM_NUMBER_MISSING",
    "纸面许可证未填证书流水号（FormNumber）。",
    "The paper licence has no form number (FormNumber).",
    _SCHEMA,
    _both("请补填纸面证书上印制的流水号。", "Supply the number printed on the paper form."),
)
MESSAGE_COUNT = Reason(
    "MESSAGE_COUNT_WRONG",
    "MessageCount 为 {declared}，实有 {found} 份报文。",
    "MessageCount says {declared}; {found} messages were found.",
    _SCHEMA,
    _both("请核对该交换后重新发送。", "Check the interchange and send it again."),
)
