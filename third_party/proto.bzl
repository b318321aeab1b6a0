"""C++ from .proto files with Debian's protoc (Bazel 4's own rules insist on a protoc built here)."""

def cpp_proto_library(name, srcs, root = "proto", deps = [], grpc = False, visibility = None):
    """One cc_library with the messages (and, with grpc, the services) of several .proto files.

    Args:
      name: the cc_library.
      srcs: .proto files of this package.
      root: import root, a folder of the workspace; #include paths and imports are relative to it, as
        in every other language.
      deps: other cpp_proto_library targets that srcs import.
      grpc: also generate services.
      visibility: as everywhere.
    """
    package = native.package_name()
    if not (package + "/").startswith(root + "/"):
        fail("%s is not below the import root %s" % (package, root))
    inside = package[len(root):].lstrip("/")
    out_dir = "$(GENDIR)/" + root
    outs = []
    for src in srcs:
        stem = src[:-len(".proto")]
        outs += [stem + ".pb.h", stem + ".pb.cc"]
        if grpc:
            outs += [stem + ".grpc.pb.h", stem + ".grpc.pb.cc"]

    native.filegroup(
        name = name + "_protos",
        srcs = srcs + [dep + "_protos" for dep in deps],
        visibility = visibility,
    )
    native.genrule(
        name = name + "_generate",
        srcs = [name + "_protos"],
        outs = outs,
        cmd = " ".join(
            ["/usr/bin/protoc -I%s -I/usr/include --cpp_out=%s" % (root, out_dir)] +
            (["--grpc_out=%s --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin" % out_dir] if grpc else []) +
            [(inside + "/" if inside else "") + src for src in srcs],
        ),
        message = "Generating C++ for " + name,
    )
    native.cc_library(
        name = name,
        srcs = [out for out in outs if out.endswith(".cc")],
        hdrs = [out for out in outs if out.endswith(".h")],
        copts = ["-w"],
        strip_include_prefix = "/" + root,
        # Server reflection looks a service up by name: nothing else may refer to its descriptor.
        alwayslink = grpc,
        deps = deps + ["//third_party/system:grpcpp" if grpc else "//third_party/system:protobuf"],
        visibility = visibility,
    )
