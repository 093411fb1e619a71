"""From the arguments to the exit status."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from oftp2.negotiation import Mode
from oftp2.probing import Probe, asking_nothing, findings
from oftp2.session import Role, Session
from oftp2.tool import network
from oftp2.tool import options as opt
from oftp2.tool.folder import Folder
from oftp2.tool.link import Failure, Link, Usage
from oftp2.tool.outcome import complain, tell
from oftp2.tool.probing import describe_connection
from oftp2.tool.receiving import Receiver
from oftp2.tool.sending import Sender, judge
from oftp2.tool.source import read_source
from oftp2.tool.trace import Trace


def main(arguments: Sequence[str]) -> int:
    """0 when what was asked for is done, 1 when it is not, 2 when it was wrongly asked for."""
    options = opt.parser().parse_args(arguments)
    try:
        opt.check(options)
        _COMMANDS[options.command](options)
    except Usage as error:
        complain(f"error: {error}")
        return 2
    except Failure as error:
        complain(f"not done: {error}")
        return 1
    except KeyboardInterrupt:
        complain("interrupted")
        return 1
    return 0


def _send(options: argparse.Namespace) -> None:
    source = read_source(options)
    ours = opt.capabilities(options, Mode.BOTH if options.receipt else Mode.SEND)
    trace = _trace(options)
    session = Session(Role.INITIATOR, ours, opt.partner(options), hear=trace.hear)
    link = Link(network.connect(options), session, trace, options.timeout)
    sender = Sender(session, options, source, link.flush)
    link.run(sender)
    judge(sender)


def _probe(options: argparse.Namespace) -> None:
    ours = asking_nothing(opt.capabilities(options, Mode.BOTH))
    trace = _trace(options)
    session = Session(Role.INITIATOR, ours, opt.partner(options), hear=trace.hear)
    connection = network.connect(options)
    where = describe_connection(connection)
    probe = Probe(session, options.partner)
    Link(connection, session, trace, options.timeout).run(probe)
    if session.peer is not None:
        tell(f"{'connection':<15} {where}")
        for what, found in findings(session.peer, session.parameters, ours):
            tell(f"{what:<15} {found}")
    if probe.fault is not None:
        raise Failure(probe.fault)


def _receive(options: argparse.Namespace) -> None:
    options.capabilities = opt.capabilities(options, Mode.RECEIVE)
    expected = opt.partner(options)
    try:
        folder = Folder(options.folder)
    except OSError as error:
        raise Usage(f"{options.folder}: {error.strerror}") from error
    with closing(network.listen(options)) as listening:
        tell(f"listening at {_written(listening)}")
        for connection, address in network.accept(options, listening):
            trace = _trace(options)
            session = Session(Role.RESPONDER, options.capabilities, expected, hear=trace.hear)
            receiver = Receiver(session, options, folder)
            try:
                Link(connection, session, trace, options.timeout).run(receiver)
            finally:
                receiver.abandon()
            if receiver.fault is not None and options.once:
                raise Failure(f"{address}: {receiver.fault}")
            if receiver.fault is not None:
                complain(f"{address}: {receiver.fault}")
            if options.once:
                return


def _written(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _trace(options: argparse.Namespace) -> Trace:
    return Trace(sys.stderr.write if options.trace else None)


_COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "send": _send,
    "receive": _receive,
    "probe": _probe,
}
