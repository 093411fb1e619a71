"""The line: Twisted around `oftp2`. Sessions over TCP and mutual TLS, calling and answering."""
