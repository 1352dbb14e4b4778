"""What is known to be wrong: each is proved by a test that fails until it is mended, and then says so.

Only ever shorter. Name of the test → where it is wrong and what would be right.
"""

KNOWN: dict[str, str] = {}
