"""The arguments of the command, and what they mean."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from oftp2.identity import check_dataset_name, check_identification
from oftp2.levels import LEVEL, LEVELS
from oftp2.negotiation import Capabilities, Credentials, Mode
from oftp2.tool.link import Usage
from oftp2.tool.network import parse_endpoint

_SOURCE = "file:PATH (its first line) or env:NAME"
#: No file with a password is longer than this.
_SECRET_FILE_MAX = 1024
_DAY_SECONDS = 86_400


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m oftp2",
        description="Try a partner of ODETTE-FTP 2 (RFC 5024) by hand.",
        epilog="Exit status: 0 done, 1 not done, 2 wrongly asked.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="send|receive|probe")
    send = commands.add_parser("send", help="send a file", description="Send FILE to a partner.")
    _calling(send)
    send.add_argument("file", type=Path, metavar="FILE", help="is held in memory whole")
    send.add_argument("--dataset", required=True, type=_checked(check_dataset_name), metavar="NAME")
    send.add_argument("--originator", type=_checked(check_identification), metavar="CODE", help="if not us")
    send.add_argument(
        "--destination", type=_checked(check_identification), metavar="CODE", help="if not the partner"
    )
    send.add_argument(
        "--stamp",
        metavar="CCYYMMDDHHMMSScccc",
        help="the file's date and time (default: when it was changed)",
    )
    send.add_argument("--user-data", default="", metavar="TEXT")
    _content(send)
    send.add_argument(
        "--restart", action="store_true", help="go on after what the partner has of this name and stamp"
    )
    send.add_argument(
        "--receipt", action="store_true", help="give the partner the turn, to answer with its receipt (EERP)"
    )
    _common(send)
    receive = commands.add_parser(
        "receive", help="wait for files", description="Take files into FOLDER, one session at a time."
    )
    receive.add_argument("folder", type=Path, metavar="FOLDER")
    receive.add_argument("--listen", required=True, type=_checked(parse_endpoint), metavar="HOST:PORT")
    receive.add_argument("--once", action="store_true", help="end after one session")
    receive.add_argument("--no-receipts", dest="receipts", action="store_false", help="send no EERP")
    receive.add_argument("--max-bytes", type=int, default=1 << 30, metavar="N", help="of one file")
    _common(receive)
    probe = commands.add_parser(
        "probe", help="connect and negotiate only", description="Tell what a partner can do. Nothing is sent."
    )
    _calling(probe)
    _common(probe)
    return top


def _content(send: argparse.ArgumentParser) -> None:
    send.add_argument("--description", default="", metavar="TEXT", help="SFIDDESC, of any characters")
    send.add_argument(
        "--format",
        choices=("U", "T", "F", "V"),
        default="U",
        help="unstructured, text, fixed or variable records",
    )
    send.add_argument(
        "--record-length", type=int, default=0, metavar="OCTETS", help="of F and V: of all, or at most"
    )
    send.add_argument(
        "--records",
        type=Path,
        metavar="LIST",
        help="the length of each record, one a line (default: cut evenly by --record-length)",
    )


def _calling(command: argparse.ArgumentParser) -> None:
    command.add_argument("endpoint", type=_checked(parse_endpoint), metavar="HOST:PORT")


def _common(command: argparse.ArgumentParser) -> None:
    code = _checked(check_identification)
    command.add_argument("--us", required=True, type=code, metavar="CODE", help="our identification code")
    command.add_argument("--password", required=True, metavar="SOURCE", help=f"ours: {_SOURCE}")
    command.add_argument("--partner", required=True, type=code, metavar="CODE", help="who it must be")
    command.add_argument(
        "--partner-password", metavar="SOURCE", help="must be this; without it, any is taken"
    )
    command.add_argument("--buffer", type=int, default=32_768, metavar="OCTETS")
    command.add_argument("--credit", type=int, default=64, metavar="N")
    command.add_argument(
        "--level", type=int, choices=LEVELS, default=LEVEL, help="the highest that we speak (default: 5)"
    )
    command.add_argument("--no-compression", dest="compression", action="store_false")
    command.add_argument("--timeout", type=_seconds, default=60.0, metavar="SECONDS", help="for each wait")
    command.add_argument("--trace", action="store_true", help="show each command, on standard error")
    tls = command.add_argument_group("TLS 1.2 or later")
    tls.add_argument("--tls", action="store_true")
    tls.add_argument("--ca", type=Path, metavar="PEM", help="the partner's certificate, or who issued it")
    tls.add_argument("--certificate", type=Path, metavar="PEM", help="ours")
    tls.add_argument("--key", type=Path, metavar="PEM", help="ours")
    tls.add_argument("--server-name", metavar="NAME", help="must be in the partner's certificate")


def check(options: argparse.Namespace) -> None:
    """Usage for what does not go together."""
    given = [options.ca, options.certificate, options.key, options.server_name]
    if not options.tls and any(value is not None for value in given):
        raise Usage("--ca, --certificate, --key and --server-name are for --tls")
    if options.tls and options.command == "receive" and not options.certificate:
        raise Usage("--tls needs --certificate and --key to listen with")
    if options.tls and options.command != "receive" and not options.ca:
        raise Usage("--tls needs --ca: a partner that anybody could be is no partner")
    if (options.certificate is None) != (options.key is None):
        raise Usage("--certificate and --key belong together")


def capabilities(options: argparse.Namespace, mode: Mode) -> Capabilities:
    """Who we are; Usage when a value is not possible."""
    try:
        return Capabilities(
            Credentials(options.us, secret("--password", options.password)),
            mode=mode,
            buffer_bytes=options.buffer,
            credit=options.credit,
            compression=options.compression,
            levels=tuple(level for level in LEVELS if level <= options.level),
        )
    except ValueError as error:
        raise Usage(str(error)) from error


def partner(options: argparse.Namespace) -> Credentials | None:
    """Who the partner must be with its password; None when no password of it is known."""
    if options.partner_password is None:
        return None
    try:
        return Credentials(options.partner, secret("--partner-password", options.partner_password))
    except ValueError as error:
        raise Usage(f"--partner-password: {error}") from error


def secret(option: str, source: str) -> str:
    """The password that `source` leads to. It is never shown, nor is what was given in place of a source."""
    kind, _, where = source.partition(":")
    if kind == "env" and where:
        value = os.environ.get(where)
        if value is None:
            raise Usage(f"{option}: there is no {where} in the environment")
        return value
    if kind == "file" and where:
        try:
            with Path(where).open("rb") as file:
                return file.read(_SECRET_FILE_MAX).decode("utf-8").partition("\n")[0].removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"{option}: {where} cannot be read") from error
    raise Usage(f"{option} is {_SOURCE}; a password itself would be seen by all who see processes")


def _checked(check_value: Callable[[str], object]) -> Callable[[str], object]:
    def convert(text: str) -> object:
        try:
            return check_value(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return convert


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _DAY_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds of up to a day")
    return seconds
