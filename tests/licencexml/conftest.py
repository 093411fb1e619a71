"""The compiled schema, once for the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from licencexml.schema import Schemas

XSD = Path(__file__).parents[2] / "xsd"


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas.load(XSD)
