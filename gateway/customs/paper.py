"""What the paper shows, as the simulated customs reads it: that which the licence says (539号 art. 5)."""

from __future__ import annotations

from licencexml.messages import Licence, PaperFace, PaperLine
from licencexml.values import Medium


def face_of(licence: Licence) -> PaperFace | None:
    """The face of a paper licence without a fault; an electronic licence has none."""
    if licence.medium is not Medium.PAPER:
        return None
    return PaperFace(
        operator=licence.operator,
        lines=tuple(PaperLine(line.goods_code, line.goods_name, line.quantity) for line in licence.lines),
        country=licence.country,
        terms_of_trade=licence.terms_of_trade,
        valid_to=licence.valid_to,
        clearance_port=licence.clearance_port,
        valid_from=licence.valid_from,
    )
