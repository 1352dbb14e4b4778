"""The gallery shows every picture once, and which of them have changed."""

from pathlib import Path

from deploy.local.screens import Picture, collect, page


def take(folder: Path, **pictures: bytes) -> None:
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    for name, content in pictures.items():
        (folder / f"{name.replace('_', '-')}.png").write_bytes(content)


def test_what_is_new_and_what_has_changed_is_marked(tmp_path: Path) -> None:
    taken, gallery = tmp_path / "taken", tmp_path / "gallery"
    take(taken, roll_desk=b"1", roll_phone=b"2", roll_taken_desk=b"3", size=b"no state of a screen")
    assert collect(taken, gallery) == [
        Picture("roll", "desk", ""),
        Picture("roll", "phone", ""),
        Picture("roll-taken", "desk", ""),
    ]
    take(taken, roll_desk=b"1", roll_phone=b"other", home_desk=b"4")
    found = collect(taken, gallery)
    assert {picture.file: picture.changed for picture in found} == {
        "home-desk.png": "new",
        "roll-desk.png": "",
        "roll-phone.png": "changed",
    }
    assert sorted(file.name for file in gallery.glob("*.png")) == [picture.file for picture in found]
    assert (gallery / "before" / "roll-phone.png").read_bytes() == b"2"
    shown = page(found)
    for picture in found:
        assert shown.count(f'src="{picture.file}"') == 1
    assert shown.count('href="before/') == 1
    assert 'href="before/roll-phone.png"' in shown
