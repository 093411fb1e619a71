"""The ways of a licence and of a write-off: intake, sealing, delivery, reception, feedback."""
