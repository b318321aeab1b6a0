#!/bin/bash
# Java: generates the stubs, compiles them and StubsCheck.java with all warnings, and runs the latter.
# Everything is Debian's: libprotobuf-java, libgrpc-java, protobuf-compiler-grpc-java-plugin.
set -euo pipefail
out=$TEST_TMPDIR/java
mkdir -p "$out/source" "$out/classes"
protoc -Iproto --java_out="$out/source" --plugin=protoc-gen-grpc-java=/usr/bin/grpc_java_plugin \
  --grpc-java_out="$out/source" proto/sparkgate/v1/*.proto

jars=/usr/share/java
classpath=$jars/protobuf.jar:$jars/protobuf-util.jar:$jars/grpc-api.jar:$jars/grpc-stub.jar
classpath+=:$jars/grpc-protobuf.jar:$jars/grpc-protobuf-lite.jar:$jars/guava.jar:$jars/gson.jar:$jars/geronimo-annotation-1.3-spec.jar
find "$out/source" -name '*.java' >"$out/files"
javac -nowarn -encoding US-ASCII -d "$out/classes" -cp "$classpath" @"$out/files"
javac -Xlint:all,-processing,-classfile,-path -Werror -d "$out/classes" -cp "$out/classes:$classpath" tests/stubs/java/StubsCheck.java
java -ea -cp "$out/classes:$classpath" StubsCheck
