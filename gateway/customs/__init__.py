"""The simulated customs: an honest other end of the line, with a ledger of its own."""
