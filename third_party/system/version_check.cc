// Stops the build with a clear sentence when a library of the system is older than what Sparkgate
// was written against. (Newer ones are welcome; what they change is caught by the tests.)
#include <curl/curlver.h>
#include <google/protobuf/stubs/common.h>
#include <grpcpp/version_info.h>
#include <openssl/opensslv.h>

#include <nlohmann/json.hpp>

#if GRPC_CPP_VERSION_MAJOR < 1 || (GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR < 51)
#error "Sparkgate needs gRPC 1.51 or newer: apt-get install libgrpc++-dev protobuf-compiler-grpc"
#endif
#if GOOGLE_PROTOBUF_VERSION < 3021000
#error "Sparkgate needs protobuf 3.21 or newer: apt-get install libprotobuf-dev protobuf-compiler"
#endif
#if LIBCURL_VERSION_NUM < 0x075800
#error "Sparkgate needs libcurl 7.88 or newer, with OpenSSL: apt-get install libcurl4-openssl-dev"
#endif
#if NLOHMANN_JSON_VERSION_MAJOR < 3 || \
    (NLOHMANN_JSON_VERSION_MAJOR == 3 && NLOHMANN_JSON_VERSION_MINOR < 11)
#error "Sparkgate needs nlohmann/json 3.11 or newer: apt-get install nlohmann-json3-dev"
#endif
#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Sparkgate needs OpenSSL 3.0 or newer: apt-get install libssl-dev"
#endif
