"""The parts of IAdmin (contract/server.md, section 2.8)."""
