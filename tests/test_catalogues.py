"""The catalogues of all rooms speak with one voice, and `docs/rejections.md` says what they say."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from gateway.cli.rejections import page, reasons
from gateway.licences.rules import Rulebook
from licencexml.rejection import Reason

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rejections.md"
REASONS = reasons()
CHINESE = "\u3400-\u9fff"

#: These facts are whole sentences of the schema's notes, and bring their own full stop.
SENTENCES = ("{expected_zh}", "{expected_en}")

#: What a rule can rest on. A regulation is cited with its article, a standard with its section.
SOURCES = re.compile(
    r"""configured(:\ .+)?
    | urn:licence-exchange:1(,\ XML\ 1\.0\ section\ [\d.]+)?
    | (商办配函〔2015〕494号|外经贸配管发〔2000〕539号)\ art\.\ \d+(\(\d+\))?(,\ \d+(\(\d+\))?)*
    | 进出口许可证证书管理规定\ art\.\ \d+
    | 《货物进口许可证管理办法》\ art\.\ 21,\ 《货物出口许可证管理办法》\ art\.\ 13,\ 14
    | 《货物出口许可证管理办法》\ art\.\ \d+
    | XML\ 1\.0(\ \(Fifth\ Edition\)|\ section\ [\d.]+)
    | XML-DSig\ core\ section\ [\d.]+
    | Exclusive\ XML\ Canonicalization\ 1\.0
    | RFC\ 5280\ section\ [\d.]+
    | GB\ 32100-2015
    | GB/T\ 15311\.1-2008,\ GB/T\ 15311\.2-2008,\ box\ \d+
    """,
    re.VERBOSE,
)

#: Chinese directly beside a Latin letter, a digit or a fact. Facts in Chinese need no space.
CROWDED = re.compile(rf"[{CHINESE}](?:[A-Za-z0-9]|{{(?!\w+_zh}}))|(?:[A-Za-z0-9]|(?<!_zh)}})[{CHINESE}]")

#: A mark of Western punctuation beside Chinese or a fact.
WESTERN_MARK = re.compile(rf"""[{CHINESE}}}][,;:?!()"']|[,;:?!()"'][{CHINESE}{{]""")

#: Words for which the glossary has another (余额 balance, 报关单 declaration, …), or that blame.
NOT_OUR_WORDS_ZH = ("余量", "剩余数量", "申报单", "证书种类", "发证机关", "创建时间", "您", "错误", "非法")
NOT_OUR_WORDS_EN = ("customs entry", "illegal", "license", "permit", "please", "remainder", "your")

each_reason = pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)


def remedy_parts(reason: Reason) -> tuple[str, str]:
    zh, slash, en = reason.remedy.partition(" / ")
    assert slash, "a remedy is 中文。 / English."
    return zh, en


def facts(sentence: str) -> set[str]:
    """The names of the facts in `sentence`; a fact that is put in both languages counts as one."""
    names = (name for _, name, _, _ in Formatter().parse(sentence) if name is not None)
    return {re.sub("_(zh|en)$", "", name) for name in names}


def modules_that_call(name: str) -> Iterator[str]:
    for source in ("gateway", "codecs"):
        for path in sorted((ROOT / source).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
            ours = any(
                alias.name == name and node.module in ("licencexml.rejection", "gateway.licences.rules")
                for node in imports
                for alias in node.names
            )
            calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
            if ours and any(
                getattr(call.value if isinstance(call, ast.Subscript) else call, "id", None) == name
                for call in calls
            ):
                yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("codecs.")


def test_a_code_stands_for_one_reason_in_the_whole_house() -> None:
    assert [code for code, times in Counter(reason.code for reason in REASONS).items() if times > 1] == []


def test_no_reason_is_outside_the_catalogues() -> None:
    found = [
        value
        for module in modules_that_call("Reason")
        for value in vars(import_module(module)).values()
        if isinstance(value, Reason)
    ]
    books = [
        value
        for module in modules_that_call("Rulebook")
        for value in vars(import_module(module)).values()
        if isinstance(value, Rulebook)
    ]
    found += [rule.reason for book in books for rule in book.rules]
    assert len(found) > 80
    assert set(found) <= set(REASONS)
    assert set(REASONS) <= set(found)


@each_reason
def test_codes_are_stable_words_in_capitals(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", reason.code)


@each_reason
def test_each_part_is_in_its_language(reason: Reason) -> None:
    for zh, en in ((reason.zh, reason.en), remedy_parts(reason)):
        assert re.search(f"[{CHINESE}]", zh)
        assert en.isascii()


@each_reason
def test_each_sentence_begins_and_ends_as_a_sentence(reason: Reason) -> None:
    for zh, en in ((reason.zh, reason.en), remedy_parts(reason)):
        assert zh.endswith(("。", SENTENCES[0]))
        assert en.endswith((".", SENTENCES[1]))
        assert not zh.endswith("。。")
        assert not en.endswith("..")
        assert re.match(r'[A-Z"{]', en)
        assert zh == zh.strip()
        assert en == en.strip()


@each_reason
def test_chinese_is_set_as_chinese(reason: Reason) -> None:
    for zh in (reason.zh, remedy_parts(reason)[0]):
        assert not CROWDED.search(zh), CROWDED.findall(zh)
        assert not WESTERN_MARK.search(zh), WESTERN_MARK.findall(zh)


@each_reason
def test_a_remedy_says_what_to_do(reason: Reason) -> None:
    assert "请" in remedy_parts(reason)[0]


@each_reason
def test_both_languages_state_the_same_facts(reason: Reason) -> None:
    zh, en = remedy_parts(reason)
    assert facts(reason.zh) == facts(reason.en)
    assert facts(zh) == facts(en) <= facts(reason.zh)


@each_reason
def test_the_source_of_each_rule_is_known(reason: Reason) -> None:
    assert SOURCES.fullmatch(reason.article)


@each_reason
def test_the_words_are_those_of_the_glossary(reason: Reason) -> None:
    zh, en = remedy_parts(reason)
    assert [word for word in NOT_OUR_WORDS_ZH if word in reason.zh + zh] == []
    english = f"{reason.en} {en}".lower()
    assert [word for word in NOT_OUR_WORDS_EN if re.search(rf"\b{word}\b", english)] == []


def test_no_two_reasons_say_the_same() -> None:
    assert len({reason.zh for reason in REASONS}) == len({reason.en for reason in REASONS}) == len(REASONS)


def test_the_page_of_rejections_is_what_the_catalogues_say() -> None:
    """If not: `python -m gateway.cli.rejections > docs/rejections.md`."""
    assert PAGE.read_text("utf-8") == page()
