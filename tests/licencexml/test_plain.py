"""What is read without a tree is what the tree reads, and its bytes are their own canonical form."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from licencexml import parsing, plain, reading, writing
from licencexml.messages import InterchangeFrame, Message
from tests.licencexml import examples, life_strategies

OURS = "urn:licence-exchange:1"
#: What a document may hold and the plain form may not, and what is plain in the wrong place.
INSERTIONS = (
    "<!-- -->",
    "<?a b?>",
    "<![CDATA[x]]>",
    "&#65;",
    "&#xD;",
    "&apos;",
    "&quot;",
    "&amp;",
    "&lt;",
    "<",
    ">",
    '"',
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufffe",
    "\ufeff",
    "\u3000",
    "１",
    "/",
    "-",
    "+",
    "0",
    "Z",
    "<Urgent>true</Urgent>",
    "<Urgent>0</Urgent>",
    "<Name>x</Name>",
    "<Specification>x</Specification>",
    "<Remarks></Remarks>",
    "<x/>",
    ' xml:space="preserve"',
    ' ID="_a"',
    f' xmlns="{OURS}"',
    f' xmlns:a="{OURS}"',
    ' a="b"',
    "a:",
)


def canonical(root: etree._Element) -> str:
    return etree.tostring(root, method="c14n", exclusive=True, with_comments=False).decode()


def by_tree(text: str) -> Message | None:
    """What the parser and the tree make of it; None if they refuse."""
    try:
        return reading.read_message(parsing.parse(text.encode(), max_bytes=2**24))
    except parsing.Malformed:
        return None


def agrees(text: str) -> bool:
    """Whether it is plain; if so, the tree says the same, and its form is canonical."""
    found = plain.recognised(text)
    if found is None:
        return False
    root = parsing.parse(text.encode(), max_bytes=2**24)
    assert canonical(root) == text
    assert root.get("ID") == found.identity
    message = found.message()
    assert message is None or type(message).__name__ == found.kind
    assert message == by_tree(text)
    return True


@cache
def texts() -> tuple[str, ...]:
    return tuple(
        canonical(writing.write_message(message))
        for name, message in examples.MESSAGES.items()
        if type(message).__name__ != "SealedLicence"
    )


@pytest.mark.parametrize("messages", life_strategies.BY_KIND.values(), ids=life_strategies.BY_KIND)
def test_every_message_that_is_plain_reads_the_same(messages: st.SearchStrategy[Message]) -> None:
    @settings(max_examples=12, deadline=None)
    @given(messages)
    def same(message: Message) -> None:
        text = canonical(writing.write_message(message))
        found = plain.recognised(text)
        odd = "&#xD;" in text or ">&" in text or type(message).__name__ == "SealedLicence"
        assert (found is None) == odd
        assert found is None or found.message() == message
        agrees(text)

    same()


def test_all_kinds_but_the_sealed_one_have_a_plain_form() -> None:
    assert all(agrees(text) for text in texts())
    sealed = next(one for one in examples.MESSAGES.values() if type(one).__name__ == "SealedLicence")
    assert plain.recognised(canonical(writing.write_message(sealed))) is None


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_what_is_still_plain_reads_the_same(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(texts()))
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(text)))
        length = data.draw(st.sampled_from((0, 0, 1, 2, 5, 30)))
        inserted = data.draw(st.sampled_from(INSERTIONS) | st.sampled_from(("", text[at : at + 40])))
        text = text[:at] + inserted + text[at + length :]
    agrees(text)


def test_wherever_something_is_inserted_what_is_still_plain_reads_the_same() -> None:
    text = canonical(writing.write_message(examples.MESSAGES["export"]))
    for insertion in INSERTIONS:
        for at in range(0, len(text) + 1, 7):
            agrees(text[:at] + insertion + text[at:])


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_elements_that_are_moved_repeated_or_left_out_are_not_plain_or_read_the_same(
    data: st.DataObject,
) -> None:
    root = etree.fromstring(data.draw(st.sampled_from(texts())))
    elements = list(root.iter())
    one, other = (data.draw(st.sampled_from(elements[1:])) for _ in range(2))
    parent = one.getparent()
    assert parent is not None
    match data.draw(st.sampled_from(("swap", "repeat", "remove", "empty", "text"))):
        case "swap":
            one.tag, other.tag = other.tag, one.tag
        case "repeat":
            parent.insert(parent.index(one), etree.fromstring(etree.tostring(one)))
        case "remove":
            parent.remove(one)
        case "empty":
            one.text = None
        case "text":
            one.text = other.text
    agrees(canonical(root))


def test_a_fault_between_the_parts_is_left_to_the_tree() -> None:
    text = canonical(writing.write_message(examples.MESSAGES["export"]))
    for old, new in (("<Amount ", "<Amount  "), ('ID="_', 'ID="_x'), ("</Total>", "<x></x></Total>")):
        assert old in text
        agrees(text.replace(old, new))
    wrong = plain.recognised(text.replace('ID="_', 'ID="_x'))
    assert wrong is not None
    assert wrong.message() is None


def test_an_interchange_comes_apart_as_it_was_put_together() -> None:
    frame = InterchangeFrame("C-1", "A", "B", datetime(2026, 3, 1, 8, tzinfo=UTC), 2)
    members = [b'<A xmlns="x"><Signature></Signature></A>', b'<B xmlns="x"><Signature></Signature></B>']
    body = plain.body(writing.interchange(frame, members), 2**20)
    assert body is not None
    assert plain.interchange(body) == (frame, members)
    closer = body.replace(b">\n<", b"><")
    assert plain.interchange(closer) == (frame, members)
    for old, new in (
        (b">2<", b">3<"),
        (b">2<", b">2 <"),
        (b">A<", b"> A<"),
        (b"Z<", b"<"),
        (b"<A ", b"<!-- --><A "),
        (b"</A>", b"</A>x"),
        (b"</A>", b"</C>"),
        (b"<Signature></Signature></B>", b"</B>"),
        (b"</Interchange>", b""),
        (b"</Interchange>", b"</Interchange><x/>"),
        (b"<MessageCount>2</MessageCount>", b""),
        (b'<Interchange xmlns="', b'<Interchange ID="_a" xmlns="'),
    ):
        changed = body.replace(old, new)
        assert changed != body
        assert plain.interchange(changed) is None
    assert plain.body(body, len(body) - 1) is None
    nothing = body.replace(b">2<", b">0<").replace(members[0], b"").replace(members[1], b"")
    assert plain.interchange(nothing) is None
