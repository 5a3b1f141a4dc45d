"""Processes that never outlive the emulator; standard library only, to start in milliseconds."""
