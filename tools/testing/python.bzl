"""Tests in Python with the system's interpreter (Bazel 4's own rules look for one called `python`)."""

def python_test(name, src, data = [], needs_packages = False, tags = [], **kwargs):
    """A unittest module that ends in `report.main()`.

    Args:
      name: the test.
      src: the module; it is imported from the root of the workspace.
      data: other modules and files.
      needs_packages: run with the packages of tools/requirements.txt (`make tools`).
      tags: as everywhere. No sanitizer reaches Python, so these run once.
      **kwargs: as in sh_test.
    """
    native.sh_test(
        name = name,
        srcs = ["//tools/testing:run_python.sh"],
        args = [native.package_name() + "/" + src] + (["--packages"] if needs_packages else []),
        data = [src, "//tools/testing:report.py"] + data,
        tags = tags + ["no-sanitizer"] + (["needs-python-packages"] if needs_packages else []),
        **kwargs
    )
