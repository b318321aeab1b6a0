"""A fuzz target: a plain function over bytes."""

def fuzz_target(name, function, deps):
    """The library `name` (from name.cc, declared in fuzz.h) and, for --config=fuzz, `name`_libfuzzer.

    Args:
      name: the library.
      function: the target's function.
      deps: what it fuzzes.
    """
    native.cc_library(
        name = name,
        testonly = True,
        srcs = [name + ".cc"],
        deps = [":fuzz"] + deps,
    )
    native.cc_binary(
        name = name + "_libfuzzer",
        testonly = True,
        srcs = ["entry.cc"],
        copts = ["-DFUZZ_FUNCTION=" + function],
        # libFuzzer brings its own main, with clang only; cost.cc counts in its place.
        linkopts = ["-fsanitize=fuzzer", "-Wl,--wrap=__sanitizer_cov_trace_pc"],
        tags = ["manual"],
        deps = [":cost", ":fuzz", ":" + name],
    )
