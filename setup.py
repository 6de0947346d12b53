"""Build script; the metadata is in setup.cfg. Puts configs/, tools/ and the model index into ``tsn_plugin/_bundle``."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


class BuildWithBundle(build_py):
    """Copies configs, tools and the model index beside the package, so that a wheel works without a clone."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        patterns = ("configs/**/*.py", "configs/**/metafile.yml", "tools/**/*.py", "tools/*.sh", "model-index.yml")
        for source in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
            target = Path(self.build_lib) / "tsn_plugin" / "_bundle" / source.relative_to(ROOT)
            self.mkpath(str(target.parent))
            self.copy_file(str(source), str(target))


setup(cmdclass={"build_py": BuildWithBundle})
