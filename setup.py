"""Build script; the metadata is in setup.cfg. Puts configs/ and tools/ into the wheel (``tsn_plugin/_bundle``)."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithBundle(build_py):
    """Copies configs/ and tools/ beside the package, so that an installed wheel works without a clone."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        for folder in ("configs", "tools"):
            for source in sorted((ROOT / folder).rglob("*.py")):
                target = Path(self.build_lib) / "tsn_plugin" / "_bundle" / source.relative_to(ROOT)
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))


setup(cmdclass={"build_py": BuildWithBundle})
