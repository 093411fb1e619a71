"""Trust: signatures, certificates and keys. Who signed a message, exactly what was signed, and may they."""
