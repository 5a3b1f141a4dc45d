"""Processes that never outlive the emulator. Standard library only, so a child starts in milliseconds."""
