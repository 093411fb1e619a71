"""A licence issue for tests."""

from datetime import UTC, date, datetime

from gateway.operations.instance import PARTICIPANTS
from gateway.trust.certificates import Role
from licencexml.messages import GoodsLine, Header, Licence, LicenceIssue
from licencexml.values import LicenceKey, LicenceType, Medium, Money, Party, Quantity, UsageMode

COMPANY = Party("国家电网有限公司", "91110000600037341L")


def an_issue(sender: str = PARTICIPANTS[Role.ISSUER], *, message_id: str = "M-1") -> LicenceIssue:
    """An import licence with one goods line."""
    today = datetime.now(UTC).date()
    line = GoodsLine(
        line_number=1,
        goods_code="2709000000",
        goods_name="石油原油",
        quantity=Quantity.of("1000", "035"),
        unit_price=Money.of("0.5", "USD"),
        amount=Money.of("500", "USD"),
        amount_usd=Money.of("500", "USD"),
    )
    licence = Licence(
        key=LicenceKey(LicenceType.IMPORT, "26-AA-123456"),
        medium=Medium.ELECTRONIC,
        usage_mode=UsageMode.MULTI,
        operator=COMPANY,
        counterpart=COMPANY,
        valid_from=today,
        valid_to=date(today.year, 12, 31),
        licence_date=today,
        issuing_authority="商务部配额许可证事务局",
        terms_of_trade="一般贸易",
        clearance_port="2200",
        country="SAU",
        lines=(line,),
        terms_of_foreign_exchange="银行购汇",
        country_of_origin="SAU",
        use="自用",
    )
    return LicenceIssue(Header(message_id, sender, "CN-GATEWAY", datetime.now(UTC)), licence)
