"""What a wheel says about itself, read without installing it."""

import pathlib
import re
import sys
import zipfile


class Archive:
    def __init__(self, path: pathlib.Path) -> None:
        self.zip = zipfile.ZipFile(path)

    def text(self, suffix: str) -> str:
        """The one file whose path ends so."""
        found = [name for name in self.zip.namelist() if name.endswith(suffix)]
        if len(found) != 1:
            sys.exit(f"{self.zip.filename} has {len(found)} files {suffix}: the package has changed its shape")
        return self.zip.read(found[0]).decode("utf-8")

    def source(self, package: str) -> dict[str, str]:
        metadata, licence = self.text(".dist-info/METADATA"), self.text(".dist-info/licenses/LICENSE")
        return {
            "package": package,
            "version": line(metadata, r"^Version: (.+)$"),
            "url": f"https://pypi.org/project/{package}/",
            "licence": line(metadata, r"^License(?:-Expression)?: (.+)$"),
            "copyright": line(licence, r"^(Copyright .+)$"),
        }


def line(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1).strip() if found else sys.exit(f"the package has no line like {pattern}")
