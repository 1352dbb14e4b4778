"""What the machine itself refuses, in a sentence with the place and what to do. Speaks Japanese."""

import errno

from deploy.local.instance import CHOICES, Choices
from deploy.local.state import LocalError, state_place
from deploy.platform.settings import chosen

_ELSEWHERE = (
    "TSUMUGI_STATE（データ）か XDG_CACHE_HOME（ダウンロード）で、自分が書けるフォルダーを示してください。"
)
_REFUSED = {
    errno.EACCES: f"を使うことが許されていません（ほかの人のクローンかもしれません）。\n{_ELSEWHERE}",
    errno.EPERM: f"を使うことが許されていません（ほかの人のクローンかもしれません）。\n{_ELSEWHERE}",
    errno.EROFS: f"は読むだけのところにあり、書けません。\n{_ELSEWHERE}",
    errno.ENOSPC: "のディスクに空きがありません。\n空けてから、もう一度実行してください。",
    errno.EDQUOT: "のディスクに、あなたの使える空きがありません。\n空けてから、もう一度実行してください。",
    errno.EEXIST: f"というファイルがあり、フォルダーをつくれません。\nどけるか、{_ELSEWHERE}",
    errno.ENOTDIR: f"の途中にファイルがあり、フォルダーではありません。\nどけるか、{_ELSEWHERE}",
    errno.ENOENT: "がありません。\nパスを確かめて、もう一度実行してください。",
}


def remedy() -> str:
    """What an operator does where something that should answer does not: here, or where containers are."""
    if chosen():
        return "動いているか、ここから届くかを見てください（docs/operations.md の「うまくいかないとき」）。"
    place = state_place()
    try:
        choices = Choices.of(place / CHOICES)
    except LocalError:
        choices = Choices.default(place)
    return f"`{choices.commands.begin}` で始めてください（様子は `tsumugi status`）。"


def told(error: OSError) -> str | None:
    """The sentence for what an operator can mend, the remedy on its second line; None for a fault of another kind.

    A socket that is missing or refuses is the only fault that means that nobody answers; it names no file.
    """
    if isinstance(error, ConnectionError) or (error.errno == errno.ENOENT and error.filename is None):
        return f"データベースかサービスが答えません。{remedy()}"
    words = _REFUSED.get(error.errno or 0)
    # A write that fails names no file either: it is ours that we write.
    return None if words is None else f"{error.filename or state_place()} {words}"
