"""Where shipped data is: schemas and configuration samples, in a checkout as in an installed wheel."""

from __future__ import annotations

from pathlib import Path


def data_dir(name: str) -> Path:
    """The folder `name` ("xsd", "conf"): inside the package if it was installed so, else beside it."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
