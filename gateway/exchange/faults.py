"""Why the exchange itself refuses: what no schema, signature or rule of law can say."""

from __future__ import annotations

from licencexml.rejection import Reason

NOT_A_FILE = Reason(
    code="NOT_A_FILE",
    zh="“{name}”不是可读取的普通文件，而是：{what}。",
    en="“{name}” cannot be read as a regular file: it is {what}.",
    article="configured",
    remedy="请先写入 NAME.tmp，再改名为 NAME.xml。 Write a file NAME.tmp, then rename it to NAME.xml.",
)
WRONG_KIND = Reason(
    code="WRONG_KIND",
    zh="此处不接收报文类型 {kind}。",
    en="A message of the kind {kind} is not taken here.",
    article="configured",
    remedy="请核对报文类型和接收方。 Check the kind of the message and where it was sent.",
)
WRONG_RECEIVER = Reason(
    code="WRONG_RECEIVER",
    zh="报文的接收方是 {receiver}，本系统是 {participant}。",
    en="The message is addressed to {receiver}; this is {participant}.",
    article="configured",
    remedy="请核对 Receiver 后以新的签名重新提交。 Correct Receiver, sign again and submit.",
)
WRONG_ISSUER = Reason(
    code="WRONG_ISSUER",
    zh="发送方 {sender} 不得使用此收件目录。",
    en="The sender {sender} may not use this spool.",
    article="configured",
    remedy="请使用本机构自己的收件目录。 Use the spool that was given to this issuer.",
)
CREATED_IN_FUTURE = Reason(
    code="CREATED_IN_FUTURE",
    zh="报文的生成时间 {created} 晚于收到时间 {now}，超出允许的 {allowed} 秒。",
    en="The message says it was created at {created}, more than {allowed} seconds after it came ({now}).",
    article="configured",
    remedy="请校准时钟后重新签名提交。 Set the clock right, sign again and submit.",
)
POISONED = Reason(
    code="POISONED",
    zh="文件无法安全读取：{reason}。",
    en="The file cannot be read safely: {reason}.",
    article="configured",
    remedy="文件已原样隔离，请联系许可证局。 The file was set aside unchanged; contact the licence bureau.",
)
