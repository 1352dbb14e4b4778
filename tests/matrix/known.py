"""What is known to be wrong: each is proved by a test that fails until it is mended, and then says so.

Only ever shorter. Name of the test → where it is wrong and what would be right.
"""

KNOWN: dict[str, str] = {
    "test_another_board_finds_nothing_here[dashboard GET /api/live]": (
        "services/dashboard/live/stream.py `_may`: the board's staff may follow the school-day of a school of another"
        " board, because the resource gets the asker's own board; it has to be the board of the school"
    ),
}
