"""Files are written whole or not at all, and nothing but a file is ever replaced."""

import os
import threading
from pathlib import Path

import pytest

from sgdmoments.errors import InputError
from sgdmoments.files import check_target, write_text, write_whole


def names(folder):
    return sorted(os.listdir(folder))


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path):
    path = tmp_path / "a.txt"
    plain = tmp_path / "plain"
    plain.write_text("")
    write_text(path, "α")
    assert path.read_bytes() == "α".encode()
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    write_text(str(path), "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["a.txt", "plain"]


def test_work_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def half(file):
        file.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, half)
    assert path.read_text() == "old"
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(path, lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_links_are_followed_and_stay(tmp_path):
    (tmp_path / "folder").mkdir()
    real, link, dangling = tmp_path / "folder" / "real.txt", tmp_path / "link", tmp_path / "dangling"
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    dangling.symlink_to(tmp_path / "folder" / "born.txt")
    write_text(dangling, "new")
    assert dangling.is_symlink()
    assert (tmp_path / "folder" / "born.txt").read_text() == "new"
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(InputError, match="cannot be written"):
        write_text(loop, "new")


def test_what_is_no_file_is_refused_and_left_as_it_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    link = tmp_path / "to_pipe"
    link.symlink_to(pipe)
    for path, kind in ((pipe, "a named pipe"), (link, "a named pipe"), (tmp_path, "a folder"),
                       ("/dev/null", "a device"), (".", "a folder")):
        before = os.lstat(path)
        with pytest.raises(InputError, match=kind):
            write_text(path, "new")
        assert os.path.samestat(before, os.lstat(path))
    assert names(tmp_path) == ["pipe", "to_pipe"]


@pytest.mark.parametrize("path", ["", "no/such/folder/a.txt", "a.txt/", "a\0b", 3, None, b"bytes", "x" * 300])
def test_names_that_cannot_be_used(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        write_text(path, "new")
    assert names(tmp_path) == []


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "a").write_text("old")
    for write in (lambda p: write_text(p, "new"), check_target):
        with pytest.raises(InputError, match="cannot be written"):
            write(tmp_path / "a" / "b")
    with pytest.raises(InputError, match="no folder"):
        check_target(tmp_path / "none" / "b")
    check_target(tmp_path / "b")
    assert names(tmp_path) == ["a"]


def test_an_input_is_not_overwritten_under_any_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = tmp_path / "data.csv"
    data.write_text("1,2")
    (tmp_path / "link.csv").symlink_to(data)
    os.link(data, tmp_path / "hard.csv")
    for path in ("data.csv", "./data.csv", data, "link.csv", "hard.csv"):
        for write in (lambda p: write_text(p, "new", [None, "none.csv", data]), lambda p: check_target(p, [data])):
            with pytest.raises(InputError, match="is the input"):
                write(path)
    assert data.read_text() == "1,2"
    write_text("other.csv", "new", [data])


def test_read_only_files_are_kept(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda name, mode: mode != os.W_OK)  # root may write to every file
    with pytest.raises(InputError, match="read-only"):
        write_text(path, "new")
    assert path.read_text() == "old"


def test_writers_side_by_side_leave_one_whole_file(tmp_path):
    path = tmp_path / "a.txt"
    texts = [str(k) * 100_000 for k in range(8)]
    threads = [threading.Thread(target=write_text, args=(path, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Path(path).read_text() in texts
    assert names(tmp_path) == ["a.txt"]
