"""What the seed has both ends agree on: how files go over the line, what customs decides and does wrong.

Written into the two configurations before the daemons start. Most seeds differ from what comes with the
gateway in something: small buffers make a file many pieces, which can be cut anywhere; records and services
for files go other ways through the code.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

_SCENARIO = """
[single]
declarations = {single}
share = {share}
mischief = {mischief}
[multi]
declarations = {multi}
amend = {amend}
withdraw = {withdraw}
mischief = {mischief}
"""
_MISCHIEF = (
    "excess",
    "wrong-unit",
    "repeat",
    "conflict",
    "wrong-signature",
    "reversal-first",
    "unknown-reversal",
    "late-earlier",
)
#: Octets of an exchange buffer, and how many go before credit is given: mostly little, so that files are cut.
_BUFFERS = (512, 1024, 2048, 4096, 32_768)
_WINDOWS = (1, 3, 16, 64)
#: How many records or blocks files go in: unstructured, records of one length, or of any (RFC 5024 5.3.3).
_FORMATS = ('send_format = "U"',) * 4 + tuple(
    f'send_format = "{letter}"\nsend_record_bytes = {size}' for letter in "FV" for size in (80, 700)
)
_PARTNERS = {"gateway": "customs", "customs": "gateway"}


def agree(instance: Path, papers: Path, chance: Random, seed: int) -> None:
    """Configure both ends; `papers` holds each one's key and certificate for files."""
    for us in _PARTNERS:
        _line(instance / f"{us}.toml", chance)
    if chance.random() < _SERVICES_SHARE:
        _services(instance, papers, chance)
    write_scenario(instance, chance, seed)


def _line(path: Path, chance: Random) -> None:
    options = [
        f"buffer_bytes = {chance.choice(_BUFFERS)}",
        f"window = {chance.choice(_WINDOWS)}",
        f"compression = {chance.choice(('true', 'false'))}",
        f'idle_policy = "{chance.choice(("hold", "hold", "release"))}"',
    ]
    lines = "\n".join(options)
    written = path.read_text(encoding="utf-8").replace("[[partner]]\n", f"[[partner]]\n{lines}\n")
    files = f"[partner.files]\n{chance.choice(_FORMATS)}\n"
    path.write_text(written.replace("\n[log]", f"{files}\n[log]"), encoding="utf-8")


_SERVICES_SHARE = 0.15


def _services(instance: Path, papers: Path, chance: Random) -> None:
    """Files signed, compressed, encrypted, as either end likes; and signed receipts asked for."""
    suite = chance.choice((3, 4))
    for us, partner in _PARTNERS.items():
        send = chance.sample(("signed", "compressed", "encrypted"), chance.randint(0, 3))
        path = instance / f"{us}.toml"
        section = f"""
[partner.services]
suites = [{suite}]
signing = "allowed"
encryption = "allowed"
compression = "allowed"
send = {send}
ask_signed_receipts = {chance.choice(("true", "false"))}
key = "{papers / us}.key"
certificate = "{papers / us}.pem"
partner_certificates = "{papers / partner}.pem"
"""
        written = path.read_text(encoding="utf-8").replace("[[partner]]\n", "[[partner]]\nlevel_min = 5\n")
        path.write_text(written.replace("\n[log]", f"{section}\n[log]"), encoding="utf-8")


def write_scenario(instance: Path, chance: Random, seed: int) -> None:
    """What customs does with the licences, for an instance whose customs has no scenario yet."""
    multi = chance.randint(1, 4)
    mischief = chance.sample(_MISCHIEF, chance.randint(0, 3))
    text = _SCENARIO.format(
        single=1,
        share=chance.choice(("1.0", "0.5")),
        multi=multi,
        mischief=mischief,
        amend=chance.randint(0, multi),
        withdraw=chance.randint(0, 1),
    )
    (instance / "scenario.toml").write_text(text, encoding="utf-8")
    path = instance / "customs.toml"
    written = path.read_text(encoding="utf-8")
    for before, after in (
        ('# scenario = "scenario.toml"', 'scenario = "scenario.toml"'),
        ("# seed = 1", f"seed = {seed % 2**31}"),
        ("# [faults]", "[faults]"),
        ("# refuse_every = 0 ", f"refuse_every = {chance.choice((0, 0, 0, 5))} "),
        ("# repeat_every = 0 ", f"repeat_every = {chance.choice((0, 0, 3))} "),
        ("# reorder = false ", f"reorder = {chance.choice(('false', 'false', 'true'))} "),
    ):
        assert before in written, before
        written = written.replace(before, after)
    path.write_text(written, encoding="utf-8")
