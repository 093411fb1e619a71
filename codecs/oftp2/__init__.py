"""ODETTE-FTP 2 (RFC 5024) without I/O: commands, buffers, subrecords, and an engine run by the state tables.

>>> from oftp2 import Capabilities, Credentials, Role, Session
>>> ours = Capabilities(Credentials("O0013000001LICENCE", "SECRET"))
>>> session = Session(Role.RESPONDER, ours)
>>> session.connection_made()
>>> session.data_to_send()[4:]
b'IODETTE FTP READY \\r'
"""

from oftp2.errors import LocalProtocolError, RemoteProtocolError
from oftp2.identity import FileIdentity
from oftp2.negotiation import Capabilities, Credentials, Mode, Parameters
from oftp2.reasons import EndReason, Refusal
from oftp2.session import Role, Session
from oftp2.subrecords import Encoder

__all__ = [
    "Capabilities",
    "Credentials",
    "Encoder",
    "EndReason",
    "FileIdentity",
    "LocalProtocolError",
    "Mode",
    "Parameters",
    "Refusal",
    "RemoteProtocolError",
    "Role",
    "Session",
]
