#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "service/config/settings.h"
#include "service/config/sources.h"
#include "service/config/testing/load_fixture.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_F(LoadTest, Defaults) {
  const Config config = Good({});
  EXPECT_EQ(config.listen, (HostPort{"127.0.0.1", 50051}));
  EXPECT_EQ(config.upstream_url, "https://api.fireworks.ai/inference/v1");
  EXPECT_EQ(config.api_key.Reveal(), kKey);
  EXPECT_EQ(config.ca_file + config.upstream_proxy + config.tls_cert_file + config.tls_key_file,
            "");
  EXPECT_GE(config.loops, 1);
  EXPECT_GE(config.max_calls, 1);
  EXPECT_GE(config.max_connections, 1);
  EXPECT_EQ(config.connect_timeout, seconds(5));
  EXPECT_EQ(config.first_content_timeout, seconds(120));
  EXPECT_EQ(config.content_gap_timeout, seconds(60));
  EXPECT_EQ(config.idle_timeout, seconds(60));
  EXPECT_EQ(config.end_grace, seconds(3));
  EXPECT_EQ(config.heartbeat, seconds(0));
  EXPECT_EQ(config.request_timeout, seconds(30));
  EXPECT_EQ(config.max_connection_age, seconds(0));
  EXPECT_EQ(config.max_call_time, minutes(10));
  EXPECT_EQ(config.reader_stall_timeout, seconds(30));
  EXPECT_EQ(config.drain_delay, seconds(2));
  EXPECT_EQ(config.drain_grace, seconds(25));
  EXPECT_EQ(config.dns_refresh, seconds(30));
  EXPECT_EQ(config.outbox_bytes, 64u << 10);
  EXPECT_EQ(config.max_event_bytes, 16u << 20);
  EXPECT_EQ(config.max_chat_body_bytes, 64u << 20);
  EXPECT_EQ(config.max_receive_bytes, 32u << 20);
  EXPECT_EQ(config.max_request_elements, 65536);
  EXPECT_TRUE(config.include_usage);
  EXPECT_TRUE(config.echo_extra);
  EXPECT_EQ(config.reasoning_field, "reasoning_content");
  EXPECT_TRUE(config.reflection);
  EXPECT_FALSE(config.debug_service);
  EXPECT_FALSE(config.allow_core);
  EXPECT_EQ(config.log_level, telemetry::Level::kInfo);
  EXPECT_EQ(config.header_allow_list,
            (std::vector<std::string>{"x-session-affinity", "x-multi-turn-session-id",
                                      "x-prompt-cache-isolation-key", "fireworks-model",
                                      "fireworks-deployment"}));
  EXPECT_TRUE(config.warnings.empty());
  EXPECT_TRUE(config.proxy_auth.user.empty());
  EXPECT_TRUE(config.upstream_headers.empty());
}

TEST_F(LoadTest, EverySettingReachesTheConfig) {
  const auto identity = support::WriteIdentity(testing::TempDir(), std::to_string(getpid()));
  const std::string pem = identity.certificate;
  const std::string auth = Write("auth", "gate:madeUpAuth\n");
  const std::string headers = Write("headers", "X-Tenant: madeUpTenant\n");
  const Config config = Good({"--listen=[::1]:0",
                              "--upstream_url=http://localhost:8080/v1/",
                              "--ca_file=" + pem,
                              "--upstream_proxy=http://proxy:3128",
                              "--upstream_proxy_auth_file=" + auth,
                              "--upstream_header_file=" + headers,
                              "--loops=3",
                              "--max_calls=20",
                              "--max_connections",
                              "10",
                              "--connect_timeout=1ms",
                              "--first_content_timeout=2ms",
                              "--content_gap_timeout=3ms",
                              "--idle_timeout=4ms",
                              "--end_grace=7ms",
                              "--heartbeat=8ms",
                              "--request_timeout=10ms",
                              "--max_connection_age=9s",
                              "--max_call_time=5ms",
                              "--reader_stall_timeout=6ms",
                              "--drain_delay=0",
                              "--drain_grace=7ms",
                              "--dns_refresh=1.5s",
                              "--outbox_bytes=2KiB",
                              "--max_event_bytes=3KiB",
                              "--max_chat_body_bytes=4096",
                              "--max_receive_bytes=5KiB",
                              "--max_request_elements=99",
                              "--noinclude_usage",
                              "--echo_extra=false",
                              "--reasoning_field=reasoning",
                              "--reflection=false",
                              "--debug_service",
                              "--allow_core=yes",
                              "--log_level=debug",
                              "--tls_cert_file=" + pem,
                              "--tls_key_file=" + identity.key,
                              "--header_allow_list=x-b, x-a,x-b"});
  EXPECT_EQ(config.listen, (HostPort{"::1", 0}));
  EXPECT_EQ(config.upstream_url, "http://localhost:8080/v1");
  EXPECT_EQ(config.ca_file, pem);
  EXPECT_EQ(config.upstream_proxy, "http://proxy:3128");
  EXPECT_EQ(config.proxy_auth.user.Reveal(), "gate");
  EXPECT_EQ(config.proxy_auth.password.Reveal(), "madeUpAuth");
  ASSERT_EQ(config.upstream_headers.size(), 1u);
  EXPECT_EQ(config.upstream_headers[0].first, "x-tenant");
  EXPECT_EQ(config.upstream_headers[0].second.Reveal(), "madeUpTenant");
  EXPECT_EQ(config.loops, 3);
  EXPECT_EQ(config.max_calls, 20);
  EXPECT_EQ(config.max_connections, 10);
  EXPECT_EQ(config.connect_timeout, milliseconds(1));
  EXPECT_EQ(config.first_content_timeout, milliseconds(2));
  EXPECT_EQ(config.content_gap_timeout, milliseconds(3));
  EXPECT_EQ(config.idle_timeout, milliseconds(4));
  EXPECT_EQ(config.end_grace, milliseconds(7));
  EXPECT_EQ(config.heartbeat, milliseconds(8));
  EXPECT_EQ(config.request_timeout, milliseconds(10));
  EXPECT_EQ(config.max_connection_age, seconds(9));
  EXPECT_EQ(config.max_call_time, milliseconds(5));
  EXPECT_EQ(config.reader_stall_timeout, milliseconds(6));
  EXPECT_EQ(config.drain_delay, milliseconds(0));
  EXPECT_EQ(config.drain_grace, milliseconds(7));
  EXPECT_EQ(config.dns_refresh, milliseconds(1500));
  EXPECT_EQ(config.outbox_bytes, 2048u);
  EXPECT_EQ(config.max_event_bytes, 3072u);
  EXPECT_EQ(config.max_chat_body_bytes, 4096u);
  EXPECT_EQ(config.max_receive_bytes, 5120u);
  EXPECT_EQ(config.max_request_elements, 99);
  EXPECT_FALSE(config.include_usage);
  EXPECT_FALSE(config.echo_extra);
  EXPECT_EQ(config.reasoning_field, "reasoning");
  EXPECT_FALSE(config.reflection);
  EXPECT_TRUE(config.debug_service);
  EXPECT_TRUE(config.allow_core);
  EXPECT_EQ(config.log_level, telemetry::Level::kDebug);
  EXPECT_EQ(config.tls_cert_file, pem);
  EXPECT_EQ(config.tls_key_file, identity.key);
  EXPECT_EQ(config.header_allow_list, (std::vector<std::string>{"x-b", "x-a"}));
}

TEST_F(LoadTest, FlagsWinOverTheFileAndTheFileOverDefaults) {
  const std::string file = Write("layers.yaml",
                                 "loops: 2\nconnect_timeout: 3s\nidle_timeout: 1500ms\n"
                                 "header_allow_list: [x-file]\nreflection: false\n");
  const Config config =
      Good({"--config=" + file, "--connect_timeout=4s", "--reflection", "--header_allow_list="});
  EXPECT_EQ(config.loops, 2);
  EXPECT_EQ(config.connect_timeout, seconds(4));
  EXPECT_EQ(config.idle_timeout, milliseconds(1500));
  EXPECT_EQ(config.max_call_time, minutes(10));
  EXPECT_TRUE(config.reflection);
  EXPECT_TRUE(config.header_allow_list.empty());
  // A flag that repeats the default wins too.
  EXPECT_EQ(Good({"--config=" + file, "--idle_timeout=60s"}).idle_timeout, seconds(60));
}

TEST_F(LoadTest, KeyByFlagThenEnvironmentThenFile) {
  const std::string key = Write("key", std::string(kFileKey) + "\n");
  const std::string file = Write("key.yaml", "api_key_file: " + key + "\n");
  EXPECT_EQ(Good({"--api_key_file=" + key}).api_key.Reveal(), kFileKey);
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kKey);
  unsetenv("FIREWORKS_API_KEY");
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kFileKey);
  setenv("FIREWORKS_API_KEY", "", 1);
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kFileKey);
}

TEST_F(LoadTest, NoKey) {
  const std::string key = Write("key", kFileKey);
  const std::string file = Write("nokey.yaml", "no_api_key: true\n");
  const std::string both = Write("both.yaml", "no_api_key: true\napi_key_file: " + key + "\n");
  const std::string with = Write("with.yaml", "api_key_file: " + key + "\n");
  EXPECT_TRUE(Good({"--no_api_key"}).api_key.empty());
  EXPECT_TRUE(Good({"--config=" + file}).api_key.empty());
  EXPECT_TRUE(Good({"--config=" + with, "--no_api_key"}).api_key.empty());
  EXPECT_EQ(Good({"--config=" + file, "--no_api_key=false"}).api_key.Reveal(), kKey);
  EXPECT_EQ(Good({"--config=" + file, "--api_key_file=" + key}).api_key.Reveal(), kFileKey);
  EXPECT_NE(Bad({"--no_api_key", "--api_key_file=" + key}).find("both given"), std::string::npos);
  EXPECT_NE(Bad({"--config=" + both}).find("both given"), std::string::npos);

  unsetenv("FIREWORKS_API_KEY");
  const std::string message = Bad({});
  for (const char* part : {"FIREWORKS_API_KEY", "--api_key_file=FILE", "--no_api_key"}) {
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  setenv("FIREWORKS_API_KEY", "fw_madeUp\nX-Injected: 1", 1);
  EXPECT_NE(Bad({}).find("FIREWORKS_API_KEY: the key has a space, a control"), std::string::npos);
}

TEST_F(LoadTest, FixedHeadersAreNotTheCallers) {
  const std::string headers = Write("fixed", "fireworks-model: madeUp\nx-mine: madeUp2\n");
  const std::string flag = "--upstream_header_file=" + headers;
  Config config = Good({flag});
  EXPECT_EQ(config.header_allow_list.size(), 4u);
  for (const std::string& name : config.header_allow_list) EXPECT_NE(name, "fireworks-model");
  EXPECT_TRUE(config.warnings.empty()) << "nobody wrote the list";

  config = Good({flag, "--header_allow_list=x-other,x-mine"});
  EXPECT_EQ(config.header_allow_list, (std::vector<std::string>{"x-other"}));
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_NE(config.warnings[0].find("--header_allow_list: \"x-mine\" is in --upstream_header_file"),
            std::string::npos)
      << config.warnings[0];
}

TEST_F(LoadTest, TheHeaderThatTakesTheKeyIsNotFixed) {
  const std::string headers = Write("named", "Api-Key: madeUp\nAuthorization: madeUp\n");
  const std::string flag = "--upstream_header_file=" + headers;
  EXPECT_NE(Bad({flag}).find("line 2: \"authorization\" takes the API key"), std::string::npos);
  EXPECT_NE(Bad({flag, "--upstream_auth_header=API-Key"}).find("line 1: \"api-key\" takes the API"),
            std::string::npos);
  EXPECT_EQ(Good({flag, "--no_api_key"}).upstream_headers.size(), 2u);
  EXPECT_EQ(Good({flag, "--upstream_auth_header=x-key"}).upstream_headers.size(), 2u);
}

TEST_F(LoadTest, ProxyAuthNeedsAProxy) {
  const std::string auth = Write("auth", "gate:madeUpAuth");
  const std::string flag = "--upstream_proxy_auth_file=" + auth;
  EXPECT_NE(Bad({flag}).find("--upstream_proxy_auth_file: is given without upstream_proxy; give"),
            std::string::npos);
  const std::string file =
      Write("proxy.yaml", "upstream_proxy: http://127.0.0.1:1\nupstream_proxy_auth_file: " + auth);
  EXPECT_EQ(Good({"--config=" + file}).proxy_auth.password.Reveal(), "madeUpAuth");
  EXPECT_TRUE(Good({"--config=" + file}).warnings.empty());
  const Config far = Good({"--config=" + file, "--upstream_proxy=http://proxy:1"});
  ASSERT_EQ(far.warnings.size(), 1u);
  EXPECT_NE(far.warnings[0].find("--upstream_proxy: plain http to a proxy on another"),
            std::string::npos);
  EXPECT_TRUE(Good({"--config=" + file, "--upstream_proxy=https://proxy:1"}).warnings.empty());
}

TEST_F(LoadTest, WarnsOfWhatIsUnwise) {
  const std::string key = Write("open_key", kFileKey);
  chmod(key.c_str(), 0644);
  const Config config = Good({"--upstream_url=http://far.example", "--api_key_file=" + key});
  ASSERT_EQ(config.warnings.size(), 2u);
  EXPECT_NE(config.warnings[0].find("--upstream_url: plain http"), std::string::npos);
  EXPECT_NE(config.warnings[1].find("every user may read it"), std::string::npos);
}

TEST_F(LoadTest, WarnsOfACertificateThatIsNotValidNow) {
  support::IdentityOptions expired;
  expired.from_days = -20;
  expired.to_days = -10;
  const auto identity = support::WriteIdentity(testing::TempDir(), "expired", expired);
  const Config config =
      Good({"--tls_cert_file=" + identity.certificate, "--tls_key_file=" + identity.key});
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_EQ(config.warnings[0].find("--tls_cert_file: " + identity.certificate +
                                    ": the certificate expired at 20"),
            0u)
      << config.warnings[0];
}

TEST_F(LoadTest, HelpListsEveryFlagWithItsDefault) {
  const absl::StatusOr<Start> start = Load({"--help"});
  ASSERT_TRUE(start.ok());
  EXPECT_FALSE(start->config.has_value());
  for (const Setting& setting : SettingsTable()) {
    const std::string line = "\n  --" + setting.name + "=" + setting.default_text + "\n";
    EXPECT_NE(start->output.find(line), std::string::npos) << line;
  }
  for (const char* other : {"  --config=", "  --check_config=", "  --version"}) {
    EXPECT_NE(start->output.find(other), std::string::npos);
  }
}

TEST_F(LoadTest, VersionNamesTheLibraries) {
  unsetenv("FIREWORKS_API_KEY");
  const absl::StatusOr<Start> start = Load({"--version"});
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->output.substr(0, 16), "sparkgate 0.1.0\n");
  for (const char* library :
       {"gRPC 1.51", "protobuf 3.21", "libcurl 7.88", "OpenSSL 3", "json 3.11"}) {
    EXPECT_NE(start->output.find(library), std::string::npos) << start->output;
  }
}

TEST_F(LoadTest, CheckConfigPrintsAFileThatMeansTheSame) {
  const std::string auth = Write("auth", "gate:madeUpAuth");
  const std::string headers = Write("headers", "X-Tenant: madeUp\nX-Two: 2\n");
  const std::string file = Write("check.yaml", "loops: 2\nheader_allow_list: [x-one, x-two]\n");
  const absl::StatusOr<Start> start =
      Load({"--check_config", "--config=" + file, "--idle_timeout=1500ms",
            "--upstream_proxy=http://proxy:1", "--upstream_proxy_auth_file=" + auth,
            "--upstream_header_file=" + headers});
  ASSERT_TRUE(start.ok()) << start.status();
  EXPECT_FALSE(start->config.has_value());
  const std::string& output = start->output;
  EXPECT_NE(output.find("# API key: redacted, from FIREWORKS_API_KEY\n"), std::string::npos);
  EXPECT_NE(output.find("loops: 2  # " + file + ":1: loops\n"), std::string::npos) << output;
  EXPECT_NE(output.find("idle_timeout: 1.5s  # --idle_timeout\n"), std::string::npos) << output;
  EXPECT_NE(output.find("max_event_bytes: 16MiB  # default\n"), std::string::npos) << output;
  EXPECT_NE(output.find("upstream_proxy: \"http://proxy:1\""), std::string::npos) << output;
  EXPECT_NE(output.find("# proxy's user and password: redacted, from " + auth + "\n"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find("# headers of every upstream request: x-tenant, x-two; values redacted, "
                        "from " +
                        headers + "\n"),
            std::string::npos)
      << output;
  EXPECT_EQ(output.find("gate"), output.find("sparkgate") + 5) << "the proxy's user: " << output;

  const absl::StatusOr<GivenSettings> again = ParseConfigText(output, "again");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->size(), SettingNames().size());
  EXPECT_EQ(again->at("idle_timeout").text, "1.5s");
  EXPECT_EQ(again->at("header_allow_list").text, "x-one,x-two");
  EXPECT_NE(Bad({"--check_config", "--loops=x"}).find("--loops"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::config
