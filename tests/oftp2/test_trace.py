"""What is told of commands as they pass: all that helps, in order, with the state after, and no secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oftp2 import commands as c
from oftp2.buffers import wrap
from oftp2.events import AbortIndication
from oftp2.negotiation import Capabilities
from oftp2.session import Role, Session
from oftp2.tables import State
from oftp2.trace import After, Passed, Unreadable, Way, describe, fields_of, in_a_line, masked
from tests.oftp2.users import ALICE, BOB, User, connect, identity_of, run

SSID = Capabilities(ALICE).ssid()


class Notes:
    def __init__(self) -> None:
        self.heard: list[tuple[Way, Passed, After]] = []

    def __call__(self, way: Way, passed: Passed, after: After) -> None:
        self.heard.append((way, passed, after))

    def words(self) -> list[str]:
        return [f"{way}{type(passed).__name__} {after.state}" for way, passed, after in self.heard]


def test_each_command_is_told_with_the_state_that_follows_from_it() -> None:
    notes = Notes()
    caller = Session(Role.INITIATOR, Capabilities(ALICE), BOB, hear=notes)
    responder = Session(Role.RESPONDER, Capabilities(BOB))
    alice, bob = User(caller, outbox=[(c.SFID.of(identity_of(), 3), b"abc")]), User(responder, want_turn=True)
    connect(alice, bob)
    run(alice, bob)
    assert notes.words() == [
        "<SSRM I_WF_SSID",
        ">SSID I_WF_SSID",
        "<SSID IDLESP",
        ">SFID OPOP",
        "<SFPA OPO",
        ">DATA OPO",
        ">EFID CLOP",
        "<EFPA IDLELI",
        ">CD IDLELI",
        "<EERP RTRP",
        ">RTR IDLELI",
    ]
    left = [after.credit for _, passed, after in notes.heard if isinstance(passed, c.SFPA | c.DATA)]
    assert left == [64, 63]


def test_what_is_no_command_is_told_before_the_answer_to_it() -> None:
    notes = Notes()
    session = Session(Role.INITIATOR, Capabilities(ALICE), BOB, hear=notes)
    session.connection_made()
    session.receive_data(b"\x10\x00\x00\x05?")
    ((_, unreadable, _), (_, esid, after)) = notes.heard
    assert isinstance(unreadable, Unreadable)
    assert isinstance(esid, c.ESID)
    assert after == (State.WF_NDISC, None)


def test_an_ssid_whose_fields_are_out_of_place_tells_nothing_of_the_password() -> None:
    notes = Notes()
    session = Session(Role.RESPONDER, Capabilities(ALICE), hear=notes)
    session.connection_made()
    too_wide = b"X5%-30b%-8b%05dBYNN001N            \r" % (b"O0013BOB", b"SECRETPW", 1024)
    (abort,) = (one for one in session.receive_data(wrap(too_wide[:61])) if isinstance(one, AbortIndication))
    told = f"{abort.text} {session.data_to_send()!r} {[describe(passed) for _, passed, _ in notes.heard]}"
    assert "SSIDSDEB" in told
    assert not any("SECRETPW"[at : at + 3] in told for at in range(6))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            SSID,
            "SSID LEV=5 CODE=O0013ALICE PSWD=*** SDEB=65535 SR=B CMPR=Y REST=Y SPEC=N CRED=64 AUTH=N",
        ),
        (c.AUCH(b"secret"), "AUCH CHAL=***"),
        (c.AURP(b"secret secret secret"), "AURP RSP=***"),
        (c.DATA(b"\x03abc"), "DATA 4 octets"),
        (c.SSRM(), "SSRM"),
        (c.SFPA(0), "SFPA ACNT=0"),
        (c.EFPA(change_direction=False), "EFPA CD=N"),
        (
            c.SFID.of(identity_of(), 3000),
            "SFID DSN=FILE1 DATE=20260301 TIME=1015300001 DEST=O0013BOB ORIG=O0013ALICE FMT=U FSIZ=3 OSIZ=3",
        ),
        (c.SFNA(6, retry=False, text="too\tbig"), "SFNA REAS=06 (file too big) RRTR=N REAST='too\\tbig'"),
        (c.ESID(4), "ESID REAS=04 (invalid password)"),
        (c.ESID(77), "ESID REAS=77 (unknown reason 77)"),
        (
            c.NERP(
                dataset_name="FILE1",
                date="20260301",
                time="1",
                destination="A",
                originator="B",
                creator="B",
                reason=34,
            ),
            "NERP DSN=FILE1 DATE=20260301 TIME=1 DEST=A ORIG=B CREA=B REAS=34 (processing failed)",
        ),
        (Unreadable("there is no command b'?'"), "cannot be read: there is no command b'?'"),
    ],
)
def test_a_command_is_described_by_the_names_of_the_rfc(command: Passed, told: str) -> None:
    assert describe(command) == told


def test_a_line_ends_with_the_state_and_the_credit() -> None:
    assert in_a_line(Way.RECEIVED, c.CDT(), After(State.OPO, 64)) == "< CDT  [OPO, credit 64]"
    assert in_a_line(Way.SENT, c.CD(), After(State.IDLELI, None)) == "> CD  [IDLELI]"


def test_what_is_kept_holds_no_secret() -> None:
    eerp = c.EERP(
        dataset_name="F",
        date="20260301",
        time="1015300001",
        destination="A",
        originator="B",
        hash=b"12345678",
        signature=b"secret",
    )
    for command in (SSID, c.AUCH(b"secret"), c.AURP(b"secret" * 3), eerp):
        kept = masked(command)
        held = [getattr(kept, name) for name in kept.__dataclass_fields__]
        assert not {"ALICEPW", b"secret", b"secret" * 3} & set(held)
        assert describe(kept) == describe(command)
    assert fields_of(eerp)["EERPHSH"] == "8 octets"
    assert fields_of(eerp)["EERPSIG"] == "***"
    assert masked(c.CD()) == c.CD()
    # A ring of such would be large.
    assert masked(replace(eerp, hash=bytes(65_535))) == masked(replace(eerp, hash=bytes(64)))
