#include "service/config/version.h"

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "curl/curlver.h"
#include "google/protobuf/stubs/common.h"
#include "grpcpp/version_info.h"
#include "nlohmann/detail/abi_macros.hpp"
#include "openssl/opensslv.h"

namespace sparkgate::config {

std::string VersionText() {
  return absl::StrCat("sparkgate ", kVersion, "\nbuilt with gRPC ", GRPC_CPP_VERSION_STRING,
                      ", protobuf ",
                      google::protobuf::internal::VersionString(GOOGLE_PROTOBUF_VERSION),
                      ", libcurl ", LIBCURL_VERSION, ", ", OPENSSL_VERSION_TEXT, ", nlohmann/json ",
                      NLOHMANN_JSON_VERSION_MAJOR, ".", NLOHMANN_JSON_VERSION_MINOR, ".",
                      NLOHMANN_JSON_VERSION_PATCH, ", Abseil ", ABSL_LTS_RELEASE_VERSION, "\n");
}

}  // namespace sparkgate::config
