"""Builds tinysum. TINYSUM_PURE=1 in the environment leaves the C extension out."""
import os

from setuptools import Extension, setup

os.environ.setdefault("CC", "gcc")
pure = os.environ.get("TINYSUM_PURE") == "1"

setup(
    name="tinysum",
    version="1.0",
    description="Adds whole numbers",
    packages=["tinysum"],
    package_dir={"": "src"},
    ext_modules=[] if pure else [Extension("tinysum._fast", ["src/fast.c"])],
)
