"""For tests in Python: the stubs made from proto/, and the real server as a process."""

import glob
import os
import subprocess
import sys
import tempfile

KEY = "fw_MadeUpKey7hQ2xV9mZ4tL"


def generate_stubs(*more_options):
    """Makes `sparkgate.v1` importable. Options of protoc have the folder in place of {folder}."""
    from grpc_tools import protoc

    folder = tempfile.mkdtemp(dir=os.environ["TEST_TMPDIR"])
    options = ["--python_out={folder}", "--grpc_python_out={folder}", *more_options]
    files = sorted(glob.glob("proto/sparkgate/v1/*.proto"))
    if protoc.main(["protoc", "-Iproto", *(option.format(folder=folder) for option in options), *files]) != 0:
        raise AssertionError("protoc failed")
    sys.path.insert(0, folder)


def start_server(upstream, *flags):
    """Starts the server before this http.server and gives the process and its host:port when it is ready."""
    process = subprocess.Popen(
        [
            "service/sparkgate",
            "--listen=127.0.0.1:0",
            f"--upstream_url=http://127.0.0.1:{upstream.server_address[1]}/v1",
            "--drain_delay=0s",
            *flags,
        ],
        env=os.environ if "--no_api_key" in flags else {**os.environ, "FIREWORKS_API_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stdout:
        if line.startswith("listening on "):
            return process, line.split()[-1]
    raise AssertionError("not ready: " + process.stderr.read())
