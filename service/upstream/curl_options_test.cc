#include "service/upstream/curl_options.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/http_text.h"
#include "tests/support/scripted_upstream.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::upstream {
namespace {

using support::Certificate;
using support::Connection;
using support::ScriptedUpstream;

// What libcurl says of a transfer: it has no way to ask which authorities it will trust.
std::string WordsOf(const ClientOptions& options) {
  std::string words;
  const EasyHandle easy(curl_easy_init());
  ApplyCommonOptions(easy.get(), options);
  SetPointer(easy.get(), CURLOPT_URL, options.base_url.c_str());
  SetNumber(easy.get(), CURLOPT_NOBODY, 1);
  SetNumber(easy.get(), CURLOPT_VERBOSE, 1);
  SetPointer(easy.get(), CURLOPT_DEBUGDATA, &words);
  SetPointer(
      easy.get(), CURLOPT_DEBUGFUNCTION,
      +[](CURL*, curl_infotype type, char* text, size_t size, void* all) {
        if (type == CURLINFO_TEXT) static_cast<std::string*>(all)->append(text, size);
        return 0;
      });
  curl_easy_perform(easy.get());
  return words;
}

bool Holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(EasyOptions, ACaFileIsAllThatIsTrusted) {
  ScriptedUpstream upstream(
      [](Connection& connection) {
        if (connection.ReadRequest()) connection.Send(support::JsonResponse(""));
      },
      Certificate::kRight);
  ClientOptions options;
  options.base_url = upstream.base_url();
  const std::string by_default = WordsOf(options);
  EXPECT_TRUE(Holds(by_default, "CAfile: /etc/")) << by_default;
  EXPECT_TRUE(Holds(by_default, "CApath: none")) << by_default << " nothing would be kept of it";
  options.ca_file = support::CaFile();
  const std::string by_file = WordsOf(options);
  EXPECT_TRUE(Holds(by_file, "CAfile: " + support::CaFile())) << by_file;
  EXPECT_TRUE(Holds(by_file, "CApath: none")) << by_file;
  EXPECT_TRUE(Holds(by_file, "certificate verify ok")) << by_file;
}

}  // namespace
}  // namespace sparkgate::upstream
