"""A data package that lies open beside its descriptor is packed into one file before it is taken in.

So that its hash is that of all of it, and all of it is kept. The archive of the same files is always the same.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from budgetwatch.errors import BadFile
from budgetwatch.feeds.profile import Profile
from budgetwatch.text import Text

_MOMENT = (1980, 1, 1, 0, 0, 0)


def loose(path: Path, how: Profile) -> bool:
    """Whether the file is the descriptor of a data package whose other files lie beside it."""
    return how.format == "fiscal" and path.suffix.lower() == ".json"


def packed(path: Path, room: Path) -> Path:
    """The file itself, or the archive of the package where it is the descriptor of one, made in `room`."""
    if path.suffix.lower() != ".json":
        return path
    try:
        said = json.loads(path.read_bytes())
        names = [
            name
            for one in said["resources"]
            for name in ([one["path"]] if isinstance(one["path"], str) else one["path"])
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadFile(
            Text("不是有效的 datapackage.json。", "Not a valid datapackage.json."), where=path.name,
            fix=Text("请发送方改正后重报。", "Ask the sender to correct it."),
        ) from None  # fmt: skip
    target = room / f"{path.parent.name or 'datapackage'}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("datapackage.json", *dict.fromkeys(names)):
            file = path if name == "datapackage.json" else _beside(path, name)
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def _beside(path: Path, name: object) -> Path:
    """A file of the package: one below the descriptor's own folder, never elsewhere."""
    file = path.parent / str(name)
    if not isinstance(name, str) or not file.resolve().is_relative_to(path.parent.resolve()) or not file.is_file():
        raise BadFile(
            Text(f"描述文件里的 {name} 不在旁边。", f"{name} of the descriptor does not lie beside it."), where=path.name,
            fix=Text("请把数据文件放在同一文件夹，或打包成 .zip 报送。", "Put the data files into the same folder, or send a .zip of all."),
        )  # fmt: skip
    return file
