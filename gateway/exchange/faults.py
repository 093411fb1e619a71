"""Why the exchange itself refuses: what no schema, signature or rule of law can say."""

from __future__ import annotations

from licencexml.rejection import Reason

NOT_A_FILE = Reason(
    code="NOT_A_FILE",
    zh="“{name}”不能作为普通文件读取（{what}）。",
    en='"{name}" cannot be read as a regular file ({what}).',
    article="configured",
    remedy=(
        "请先写成文件 NAME.tmp，再改名为 NAME.xml。 / Write a file NAME.tmp, then rename it to NAME.xml."
    ),
)
WRONG_KIND = Reason(
    code="WRONG_KIND",
    zh="此处不接收 {kind} 报文。",
    en="A message of the kind {kind} is not taken here.",
    article="configured",
    remedy="请核对报文种类和接收方。 / Check the kind of the message and where it was sent.",
)
WRONG_RECEIVER = Reason(
    code="WRONG_RECEIVER",
    zh="报文的接收方是“{receiver}”，而此处是“{participant}”。",
    en='The message is addressed to "{receiver}"; this is "{participant}".',
    article="configured",
    remedy="请更正 Receiver，重新签名后提交。 / Correct Receiver, sign again and hand it over.",
)
WRONG_ISSUER = Reason(
    code="WRONG_ISSUER",
    zh="此收件目录不供发送方“{sender}”使用。",
    en='This spool is not for the sender "{sender}".',
    article="configured",
    remedy="请使用分配给该签发系统的收件目录。 / Use the spool that was given to this issuing system.",
)
WRONG_SENDER = Reason(
    code="WRONG_SENDER",
    zh="报文的发送方是“{sender}”，而经此线路发来的应是“{expected}”的报文。",
    en='The message is from "{sender}"; over this line come those of "{expected}".',
    article="configured",
    remedy=(
        "请由发送方经其自己的线路发送；已放行的，务必由其补报。"
        " / Have the sender send it over its own line; a release that it tells must be told again so."
    ),
)
NOT_SENT_TO_YOU = Reason(
    code="NOT_SENT_TO_YOU",
    zh="所答复的“{answered}”并非发给你方，而是发给“{partner}”的。",
    en='"{answered}", which is answered here, was sent to "{partner}", and not to you.',
    article="configured",
    remedy=(
        "请核对 InReplyTo；报文由其收件方答复。"
        " / Check InReplyTo: a message is answered by the one to whom it was sent."
    ),
)
CREATED_IN_FUTURE = Reason(
    code="CREATED_IN_FUTURE",
    zh="报文的生成时间 {created} 晚于收到时间 {now}，且超出允许的 {allowed} 秒。",
    en="The message says it was created at {created}, more than {allowed} seconds after it came ({now}).",
    article="configured",
    remedy="请校准时钟，重新签名后提交。 / Set the clock right, sign again and hand it over.",
)
POISONED = Reason(
    code="POISONED",
    zh="文件无法安全读取（{reason}）。",
    en="The file cannot be read safely ({reason}).",
    article="configured",
    remedy=(
        "请联系许可证局；文件已原样移出保存。 / Contact the licence bureau; the file was set aside unchanged."
    ),
)
FILE_NOT_PROCESSED = Reason(
    code="FILE_NOT_PROCESSED",
    zh="文件已收到，但无法处理（{reason}）。",
    en="The file arrived, and cannot be processed ({reason}).",
    article="configured",
    remedy="请将其中的报文原样重新发送。 / Send the messages that it held again, unchanged, in another file.",
)
INTERCHANGE_TOO_LARGE = Reason(
    code="INTERCHANGE_TOO_LARGE",
    zh="一次交换含 {count} 份报文，超过 {most} 份的上限。",
    en="The interchange carries {count} messages; {most} is the most.",
    article="configured",
    remedy="请分成几次交换发送。 / Send them in several interchanges.",
)
