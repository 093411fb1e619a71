"""Every reason for which anything is refused, from the catalogues of all rooms, and the page that lists them.

    python -m gateway.cli.rejections > docs/rejections.md

A catalogue is written where its rules are; here, above them all, they are put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

import click

from gateway.customs import refusals
from gateway.exchange import day_faults
from gateway.exchange import faults as exchange_faults
from gateway.licences import differences
from gateway.licences.catalogue import CATALOGUE as LAW
from gateway.trust import faults as trust_faults
from licencexml import disagreements
from licencexml import faults as document_faults
from licencexml.rejection import Reason

_INTRODUCTION = """\
# Rejections 拒绝理由

Made from the catalogues by `python -m gateway.cli.rejections > docs/rejections.md`; do not edit. What stands
in `{braces}` is filled in with the facts of each refusal. "configured" means: a rule of this gateway, not of
a regulation. How a rejection travels is told in [messages](messages.md).
"""
_COLUMNS = ("code", "zh", "en", "article", "remedy")


def chapters() -> dict[str, tuple[Reason, ...]]:
    """All reasons in the order in which a document meets them, by what they are about."""
    return {
        "The document 报文文件": (*_named_in(document_faults), *_named_in(disagreements)),
        "The signature and the certificate 电子签名与证书": _named_in(trust_faults),
        "The exchange 交换": (*_named_in(exchange_faults), *_named_in(day_faults)),
        "The law and the balance 法规与余额": tuple(LAW.values()),
        "Differences of the daily reconciliation 每日对账差异": _named_in(differences),
        "The simulated customs 模拟海关": _named_in(refusals),
    }


def reasons() -> tuple[Reason, ...]:
    """All reasons of the house."""
    return tuple(reason for chapter in chapters().values() for reason in chapter)


def page() -> str:
    """`docs/rejections.md`, whole."""
    return "\n".join(
        [_INTRODUCTION, *(line for title, held in chapters().items() for line in _table(title, held))]
    )


def _named_in(module: ModuleType) -> tuple[Reason, ...]:
    return tuple(value for value in vars(module).values() if isinstance(value, Reason))


def _table(title: str, held: Iterable[Reason]) -> Iterator[str]:
    yield f"## {title}\n"
    yield _row(_COLUMNS)
    yield _row("---" for _ in _COLUMNS)
    for reason in held:
        yield _row((f"`{reason.code}`", *(_cell(getattr(reason, name)) for name in _COLUMNS[1:])))
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


if __name__ == "__main__":
    click.echo(page(), nl=False)
