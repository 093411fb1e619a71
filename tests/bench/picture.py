"""One picture of a run, in SVG: a licence by stage above its floor, and how many times more others need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from tests.bench import summary
from tests.bench.figures import middle

_WIDTH, _LEFT, _RIGHT, _BAR, _STEP = 900, 210, 90, 26, 44
_SPAN = _WIDTH - _LEFT - _RIGHT
_COLOURS = (
    "#33608c", "#f5b041", "#7fb069", "#c8553d", "#8e6c8a", "#4ea8a6", "#b5838d", "#6d6875",
    "#98c1d9", "#e09f3e", "#90a955", "#9b2226", "#5e548e", "#2a9d8f", "#adb5bd", "#495057",
    "#bc6c25", "#606c38", "#f2cc8f", "#3d405b", "#e07a5f", "#81b29a", "#a2d2ff", "#cdb4db",
)  # fmt: skip
_SMALL = 0.015


def drawn(found: dict[str, Any]) -> str:
    """The SVG document."""
    bars = list(_bars(found))
    stages = dict.fromkeys(name for _, parts in bars for name in parts)
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(stages)}
    most = max(sum(parts.values()) for _, parts in bars)
    body = [
        _text(_LEFT, 24, "Processor a licence, drop to acknowledged (P-256, one goods line), µs", bold=True)
    ]
    y = 44
    for label, parts in bars:
        body += _bar(y, label, parts, most, colours)
        y += _STEP
    y, legend = _legend(y + 8, colours)
    body += legend
    ratios = _ratios(found)
    if ratios:
        body.append(_text(_LEFT, y + 30, "Processor, in times of a licence's (RSA-2048)", bold=True))
        y += 50
        for label, value in ratios:
            body += _bar(
                y, label, {label: value}, max(1.0, *(each for _, each in ratios)), {label: _COLOURS[0]}
            )
            y += _STEP
    height = y + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}"'
        f' height="{height}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _bars(found: dict[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    stages = summary.stages(found)
    if stages:
        whole = sum(stages.values())
        large = {name: value for name, value in stages.items() if value >= _SMALL * whole}
        rest = whole - sum(large.values())
        yield "the gateway", {**large, "smaller ones": rest} if rest else large
    elif found["loads"]:
        yield "the gateway", summary.processes(found["loads"][0])
    yield "the floor", {f"floor: {name}": value for name, value in summary.floor_stages(found).items()}


def _ratios(found: dict[str, Any]) -> list[tuple[str, float]]:
    rsa = next((one for one in found["loads"] if one["kind"] == "rsa2048"), None)
    if rsa is None:
        return []
    licence = middle([one["cpu"] for one in rsa["rounds"]])
    rows = [("a licence", 1.0)]
    for peer in found.get("peers") or ():
        rows.append((f"{peer['name']}, an exchange", middle(peer["microseconds"]) / licence))
    if postfix := found.get("postfix"):
        rows.append(("Postfix, a bare accept", middle(postfix["microseconds"]) / licence))
    floors = rsa["floors"]
    rows.append(("the floor", middle([sum(one["stages"].values()) for one in floors]) / licence))
    rows.append(("the cryptography alone", middle([one["cryptography"] for one in floors]) / licence))
    return rows


def _bar(
    y: int, label: str, parts: Mapping[str, float], most: float, colours: Mapping[str, str]
) -> list[str]:
    drawn_parts = [_text(_LEFT - 8, y + 18, label, anchor="end")]
    x = float(_LEFT)
    for name, value in parts.items():
        width = value / most * _SPAN
        drawn_parts.append(
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colours[name]}">'
            f"<title>{escape(name)}: {value:,.2f}</title></rect>"
        )
        x += width
    whole = sum(parts.values())
    return [*drawn_parts, _text(x + 6, y + 18, f"{whole:,.0f}" if whole >= 10 else f"{whole:.2f}")]


def _legend(y: int, colours: Mapping[str, str]) -> tuple[int, list[str]]:
    columns = 3
    wide = (_WIDTH - 40) // columns
    parts = []
    for place, (name, colour) in enumerate(colours.items()):
        x, row = 20 + place % columns * wide, y + place // columns * 20
        parts.append(f'<rect x="{x}" y="{row}" width="12" height="12" fill="{colour}"/>')
        parts.append(_text(x + 18, row + 11, name))
    return y + -(-len(colours) // columns) * 20, parts


def _text(x: float, y: float, text: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
