"""What the demo claims, and whether it held: each with where to look it up afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, whether it held, and the figures that show it."""

    text: str
    held: bool
    shown: str


@dataclass(slots=True)
class Claims:
    """All claims of one run."""

    console: Console
    claims: list[Claim] = field(default_factory=list)

    def claim(self, text: str, held: bool, shown: str) -> None:
        """Note a claim."""
        self.claims.append(Claim(text, held, shown))

    @property
    def all_held(self) -> bool:
        """Whether there were claims and none failed."""
        return bool(self.claims) and all(claim.held for claim in self.claims)

    def show(self) -> None:
        """All of them as a table."""
        if not self.console.is_terminal:
            for claim in self.claims:
                word = "held  " if claim.held else "FAILED"
                self.console.print(f"{word} {claim.text}: {claim.shown}", highlight=False, soft_wrap=True)
            return
        table = Table(title="What was claimed, and what was seen", show_lines=True)
        table.add_column("")
        table.add_column("claim")
        table.add_column("seen")
        for claim in self.claims:
            mark = "[green]held[/]" if claim.held else "[bold red]FAILED[/]"
            table.add_row(mark, claim.text, claim.shown)
        self.console.print(table)
