"""`law list` and `law show`: the rules of the law, from the rulebooks themselves."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click

from gateway.cli.group import Group
from gateway.cli.render import show as show_answer
from gateway.licences.catalogue import BOOKS
from gateway.licences.rules import Rule
from gateway.operations.commands import CommandRefused


@click.group(cls=Group)
def law() -> None:
    """The rules that licences and write-offs are held against, with their articles."""


@law.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def list_rules(as_json: bool) -> None:
    """Every rule: its code, the article it rests on, and what it checks."""
    rules = [
        {"code": rule.reason.code, "article": rule.reason.article, "checks": rule.checks, "theme": book.theme}
        for book in BOOKS
        for rule in book.rules
    ]
    show_answer({"rules": rules}, as_json=as_json)


@law.command()
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Write JSON.")
def show(code: str, as_json: bool) -> None:
    """One rule, with its sentences and its remedy in Chinese and English.

    Exit status 0: it is here; 1: there is no such rule.
    """
    rules = {rule.reason.code: (book.theme, rule) for book in BOOKS for rule in book.rules}
    found = rules.get(code.upper())
    if found is None:
        near = get_close_matches(code.upper(), rules, 1)
        hint = f"; is it {near[0]}?" if near else "; `gatewayd law list` tells them all"
        raise CommandRefused("not-found", f"there is no rule {code}{hint}")
    show_answer(_told(*found), as_json=as_json)


def _told(theme: str, rule: Rule[Any]) -> dict[str, Any]:
    reason = rule.reason
    remedy_zh, _, remedy_en = reason.remedy.partition(" / ")
    return {
        "code": reason.code,
        "theme": theme,
        "article": reason.article,
        "checks": rule.checks,
        "zh": reason.zh,
        "en": reason.en,
        "remedy_zh": remedy_zh,
        "remedy_en": remedy_en,
    }
