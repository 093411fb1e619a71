"""Namespaces and element names."""

from __future__ import annotations

NAMESPACE_STEM = "urn:licence-exchange:"
VERSION = "1"
NAMESPACE = NAMESPACE_STEM + VERSION
SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
XINCLUDE_NAMESPACE = "http://www.w3.org/2001/XInclude"
SCHEMA_INSTANCE_NAMESPACE = "http://www.w3.org/2001/XMLSchema-instance"
SIGNATURE = f"{{{SIGNATURE_NAMESPACE}}}Signature"
INTERCHANGE = "Interchange"
ID_ATTRIBUTE = "ID"


def qualified(name: str) -> str:
    """`name` in the messages' namespace, in Clark notation."""
    return f"{{{NAMESPACE}}}{name}"


def local_name(tag: str) -> str:
    """The local part of a name in Clark notation."""
    return tag.rpartition("}")[2]


def namespace_of(tag: str) -> str:
    """The namespace of a name in Clark notation, empty if none."""
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""
