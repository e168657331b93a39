"""Files written whole or not at all, and never in place of something that is no file."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from sgdmoments.errors import InputError
from sgdmoments.reading import read_path, shortened, shown

PathLike = str | os.PathLike[str]


def write_whole(path: PathLike, write: Callable[[Path], object], inputs: Iterable[PathLike | None] = ()) -> None:
    """Let `write` fill a temporary file beside `path`, then move it into place: readers find the old file or the new.

    A link is followed: the file it leads to gets the new content, and the link stays. The permissions of a file that
    was there are kept.

    Args:
        path: a new file, or a regular file to replace.
        write: is called with the temporary file's path, whose ending is that of `path`.
        inputs: files that the content was made from (None: none, missing ones do not count); `path` must be none of
            them, under whatever name.

    Raises:
        InputError: `path` is a folder, a device, a pipe, a socket, read-only or an input; or the folder cannot be
            written to.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_whole(folder / "a.txt", lambda file: file.write_text("new"))
    >>> [file.name for file in folder.iterdir()], (folder / "a.txt").read_text()
    (['a.txt'], 'new')
    """
    target, mode = _target(path, inputs)
    temporary = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            write(temporary)
            if mode is not None:
                temporary.chmod(mode)
            _flush(temporary)
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{shortened(str(path))}: cannot be written ({error.strerror or error}).") from None


def write_text(path: PathLike, text: str, inputs: Iterable[PathLike | None] = ()) -> None:
    """Write a text file in UTF-8, whole or not at all; see `write_whole`."""
    write_whole(path, lambda file: file.write_text(text, encoding="utf-8"), inputs)


def check_target(path: PathLike, inputs: Iterable[PathLike | None] = ()) -> None:
    """`InputError` where `write_whole` would refuse `path`, before the work whose result goes there."""
    target, _ = _target(path, inputs)
    if not target.parent.is_dir():
        raise InputError(f"{shortened(str(path))}: cannot be written (there is no folder {target.parent}).")


def _target(path: PathLike, inputs: Iterable[PathLike | None]) -> tuple[Path, int | None]:
    """The regular file that `path` leads to, new or not, and the permissions of one that is there."""
    name = os.fspath(read_path(path, "path"))
    if str(path).endswith(("/", os.sep)):
        raise InputError(f"path: {shown(path)} is not the name of a file.")
    try:
        status = os.stat(name)
    except FileNotFoundError:
        return Path(os.path.realpath(name)), None
    except OSError as error:
        raise InputError(f"{shortened(str(path))}: cannot be written ({error.strerror or error}).") from None
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is {_kind(status.st_mode)}, not a file; nothing was written. Give the name of a new "
                         "file, or leave the option out and send the output there with the shell (> or |).")
    for source in inputs:
        if source is not None and os.path.exists(source) and os.path.samestat(status, os.stat(source)):
            raise InputError(f"{path} is the input {source} itself and would be overwritten; give another name.")
    if not os.access(name, os.W_OK):
        raise InputError(f"{shortened(str(path))}: cannot be written (the file is read-only).")
    return Path(os.path.realpath(name)), stat.S_IMODE(status.st_mode)


def _kind(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for test, name in kinds if test(mode)), "a device")


def _flush(path: Path) -> None:
    """Have the file's content on the disk before its name: or a crash could leave an empty file under it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
