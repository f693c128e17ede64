"""Orchestration only: what depends on what, when it runs, what blocks. The work itself is in the rooms below."""
