"""Tests that run the real server as a process of its own."""

def server_test(name, srcs, deps = [], data = [], size = "medium", **kwargs):
    """A GoogleTest program that starts //service:sparkgate (tests/support/server_process.h).

    Args:
      name: the test.
      srcs: its files.
      deps: beyond the server, the caller and the scripted upstream.
      data: beyond the server's program.
      size: as everywhere.
      **kwargs: as in cc_test.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        data = data + ["//service:sparkgate"],
        deps = deps + [
            "//tests/support:answers",
            "//tests/support:caller",
            "//tests/support:gate",
            "//tests/support:http_text",
            "//tests/support:scripted_upstream",
            "//tests/support:scripts",
            "//tests/support:secrets",
            "//tests/support:server_process",
            "//third_party/system:gtest_main",
        ],
        **kwargs
    )
