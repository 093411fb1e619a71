"""The commands of `ctl` about licences, messages, discrepancies and files received, as data (see `ctl`)."""

from __future__ import annotations

import click

_MAX_ROWS = 1_000

_LICENCE = click.Argument(["licence"])
_MESSAGE = click.Argument(["message_id"])
_NUMBER = click.Argument(["id"], type=int)

_AS_OF = (
    click.Option(
        ["--as-of"],
        metavar="TIME",
        help="As it was known at TIME: 2026-11-21T06:00:00Z, or in Asia/Shanghai 2026-11-21 or"
        ' "2026-11-21 14:00". A date means its end.',
    ),
    click.Option(
        ["--business"],
        is_flag=True,
        default=None,
        help="With --as-of: how it really stood at TIME, by all that is known today.",
    ),
)
_WHICH = (
    click.Option(["--all"], is_flag=True, default=None, help="The settled and resolved ones too."),
    click.Option(["--licence"], metavar="TYPE/NUMBER", help="Only those of this licence."),
    click.Option(["--after"], type=click.IntRange(0), help="Only those with a higher number."),
    click.Option(["--limit"], type=click.IntRange(1, _MAX_ROWS), default=100, show_default=True),
)
_RESOLUTION = (
    click.Option(["--by"], required=True, help="Who has cleared it up."),
    click.Option(["--why"], required=True, help="How, in a sentence."),
)

#: Name in the control protocol, help, parameters.
INBOUND_COMMANDS: tuple[tuple[str, str, list[click.Parameter]], ...] = (
    (
        "inbound list",
        "Those that are coming in, or are stored and wait to be worked off.",
        [
            click.Option(
                ["--refused"], is_flag=True, default=None, help="Those that never will be, and why."
            ),
            click.Option(["--after"], type=click.IntRange(0), help="Only those with a higher number."),
            click.Option(["--limit"], type=click.IntRange(1, _MAX_ROWS), default=100, show_default=True),
        ],
    ),
    (
        "inbound refuse",
        "Give up a stored file that cannot be read here; its sender is told that it was not processed.",
        [
            _NUMBER,
            click.Option(["--by"], required=True, help="Who gives it up."),
            click.Option(["--why"], required=True, help="Why, in a sentence; the sender reads it too."),
        ],
    ),
)
LEDGER_COMMANDS: tuple[tuple[str, str, list[click.Parameter]], ...] = (
    (
        "licence show",
        "A licence (such as IMPORT/26-AA-123456) with its balance, now or as of an earlier time.",
        [_LICENCE, *_AS_OF],
    ),
    ("licence explain", "How a licence stands and why, and what can be done with it.", [_LICENCE]),
    ("licence history", "Everything that happened to a licence.", [_LICENCE]),
    ("message show", "A message: what is known of it, and its bytes.", [_MESSAGE]),
    (
        "message explain",
        "What a message was, what became of it and when, why, and what it changed.",
        [_MESSAGE],
    ),
    (
        "discrepancy list",
        "The open ones, with their reasons; and the messages that wait for a write-off.",
        list(_WHICH),
    ),
    ("discrepancy show", "One of them, whole: what was said, why it does not fit, what to do.", [_NUMBER]),
    ("discrepancy resolve", "Record who has cleared one up, and how.", [_NUMBER, *_RESOLUTION]),
)
