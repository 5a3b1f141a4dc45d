"""The local cloud: MiniStack, with what it lacks added and what it gets wrong mended.

Every module that touches MiniStack says what upstream does, why that is wrong for us, and what we
do instead; `README.md` lists them with the check that guards each.
"""
