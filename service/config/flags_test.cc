#include "service/config/flags.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/flags/reflection.h"
#include "gtest/gtest.h"
#include "service/config/config_file.h"
#include "service/config/settings.h"
#include "tests/support/test_certificates.h"

namespace sparkgate::config {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char kKey[] = "fw_madeUpKeyOfTheEnvironment";
constexpr char kFileKey[] = "fw_madeUpKeyOfAFile";

class FlagsTest : public testing::Test {
 protected:
  FlagsTest() { setenv("FIREWORKS_API_KEY", kKey, 1); }
  ~FlagsTest() override { unsetenv("FIREWORKS_API_KEY"); }

  absl::StatusOr<Start> Load(std::vector<std::string> arguments) {
    absl::FlagSaver saver;
    arguments.insert(arguments.begin(), "sparkgate");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    absl::StatusOr<Start> start = LoadConfig(argv.size(), argv.data());
    const std::string said = start.ok() ? start->output : std::string(start.status().message());
    EXPECT_EQ(said.find("madeUp"), std::string::npos) << said;
    return start;
  }

  Config Good(std::vector<std::string> arguments) {
    absl::StatusOr<Start> start = Load(std::move(arguments));
    EXPECT_TRUE(start.ok()) << start.status();
    if (!start.ok() || !start->config.has_value()) return Config();
    EXPECT_EQ(start->output, "");
    return *start->config;
  }

  std::string Bad(std::vector<std::string> arguments) {
    absl::StatusOr<Start> start = Load(std::move(arguments));
    EXPECT_FALSE(start.ok());
    return std::string(start.status().message());
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + std::to_string(getpid()) + "_" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0600);
    return path;
  }
};

TEST_F(FlagsTest, Defaults) {
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
  EXPECT_EQ(config.outbox_bytes, 256u << 10);
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

TEST_F(FlagsTest, EverySettingReachesTheConfig) {
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

TEST_F(FlagsTest, FlagsWinOverTheFileAndTheFileOverDefaults) {
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

TEST_F(FlagsTest, KeyByFlagThenEnvironmentThenFile) {
  const std::string key = Write("key", std::string(kFileKey) + "\n");
  const std::string file = Write("key.yaml", "api_key_file: " + key + "\n");
  EXPECT_EQ(Good({"--api_key_file=" + key}).api_key.Reveal(), kFileKey);
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kKey);
  unsetenv("FIREWORKS_API_KEY");
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kFileKey);
  setenv("FIREWORKS_API_KEY", "", 1);
  EXPECT_EQ(Good({"--config=" + file}).api_key.Reveal(), kFileKey);
}

TEST_F(FlagsTest, NoKey) {
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

TEST_F(FlagsTest, FixedHeadersAreNotTheCallers) {
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

TEST_F(FlagsTest, TheHeaderThatTakesTheKeyIsNotFixed) {
  const std::string headers = Write("named", "Api-Key: madeUp\nAuthorization: madeUp\n");
  const std::string flag = "--upstream_header_file=" + headers;
  EXPECT_NE(Bad({flag}).find("line 2: \"authorization\" takes the API key"), std::string::npos);
  EXPECT_NE(Bad({flag, "--upstream_auth_header=API-Key"}).find("line 1: \"api-key\" takes the API"),
            std::string::npos);
  EXPECT_EQ(Good({flag, "--no_api_key"}).upstream_headers.size(), 2u);
  EXPECT_EQ(Good({flag, "--upstream_auth_header=x-key"}).upstream_headers.size(), 2u);
}

TEST_F(FlagsTest, ProxyAuthNeedsAProxy) {
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

TEST_F(FlagsTest, BadValuesNameTheFlagAndWhatWouldBeRight) {
  const struct {
    std::vector<std::string> arguments;
    const char* message;
  } cases[] = {
      {{"--listen=localhost"}, "--listen: \"localhost\" has no port; give HOST:PORT"},
      {{"--upstream_url=api.fireworks.ai"}, "--upstream_url: \"api.fireworks.ai\" does not begin"},
      {{"--upstream_url=https://a:madeUp@h"},
       "--upstream_url: \"https://redacted@h\" holds a name"},
      {{"--upstream_proxy=a:madeUp@h"}, "--upstream_proxy: \"redacted@h\" does not begin"},
      {{"--upstream_url=https://h#madeUp"}, "\"https://h#redacted\" holds a fragment"},
      {{"--upstream_auth_header=content-length"}, "--upstream_auth_header"},
      {{"--upstream_proxy=http://a:madeUp@h:1"},
       "\"http://redacted@h:1\" holds a name or password; give both in the file of "
       "--upstream_proxy_auth_file, and here a URL"},
      {{"--upstream_proxy=http://@h:1"}, "holds a name or password"},
      {{"--upstream_proxy=http://a:madeUp#b@h:1"},
       "--upstream_proxy: \"http://redacted\" has a path"},
      {{"--upstream_proxy=http://h:1", "--upstream_proxy_auth_file=/no/such"},
       "--upstream_proxy_auth_file=/no/such: No such file"},
      {{"--upstream_header_file=/dev/null"},
       "--upstream_header_file=/dev/null: is not a regular file"},
      {{"--header_allow_list=proxy-authorization"}, "\"proxy-authorization\" is set by"},
      {{"--upstream_proxy=ftp://a:madeUp@h"},
       "--upstream_proxy: \"ftp://redacted@h\" does not begin"},
      {{"--loops=two"}, "--loops: \"two\" is not a count; give a whole number"},
      {{"--loops=65"}, "--loops: 65 is out of range; give 0 (automatic) to 64"},
      {{"--loops=-1"}, "--loops: -1 is out of range"},
      {{"--max_calls=9999999"}, "--max_calls: 9999999 is out of range"},
      {{"--max_connections=-5"}, "--max_connections: -5 is out of range"},
      {{"--connect_timeout=5"},
       "--connect_timeout: \"5\" is not a duration; give a number with a unit"},
      {{"--connect_timeout=0"}, "--connect_timeout: 0 is out of range; give 1ms to 5m"},
      {{"--connect_timeout=999us"}, "--connect_timeout: 999us is out of range"},
      {{"--connect_timeout=-1s"}, "--connect_timeout: -1s is out of range"},
      {{"--connect_timeout=-1ms"}, "--connect_timeout: -1ms is out of range"},
      {{"--idle_timeout=25h"}, "--idle_timeout: 25h is out of range; give 1ms to 24h"},
      {{"--idle_timeout=99999999999h"}, "--idle_timeout: "},
      {{"--drain_delay=11m"}, "--drain_delay: 11m is out of range; give 0s to 10m"},
      {{"--dns_refresh=10ms"}, "--dns_refresh: 10ms is out of range; give 1s to 1h"},
      {{"--outbox_bytes=1KB"}, "--outbox_bytes: \"1KB\" is not a size"},
      {{"--outbox_bytes=0"}, "--outbox_bytes: 0 is out of range; give 1KiB to 64MiB"},
      {{"--max_request_elements=0"},
       "--max_request_elements: 0 is out of range; give 1 to 10000000"},
      {{"--max_receive_bytes=2048MiB"}, "--max_receive_bytes: 2048MiB is out of range"},
      {{"--reasoning_field=thoughts"},
       "--reasoning_field: \"thoughts\" is unknown; give reasoning_content or reasoning"},
      {{"--log_level=loud"},
       "--log_level: \"loud\" is no level; give debug, info, warning or error"},
      {{"--ca_file=/no/such"},
       "--ca_file: /no/such: No such file or directory; give a readable PEM"},
      {{"--ca_file=/tmp"}, "--ca_file: /tmp: Is a directory"},
      {{"--ca_file=/dev/null"}, "--ca_file: /dev/null: is not a regular file"},
      {{"--tls_cert_file=/proc/self/stat", "--tls_key_file=/proc/self/stat"},
       "--tls_cert_file: /proc/self/stat: holds no certificate"},
      {{"--api_key_file=/dev/null"}, "--api_key_file=/dev/null: is not a regular file"},
      {{"--config=/dev/null"}, "--config=/dev/null: cannot be read"},
      {{"--tls_cert_file=/dev/null"}, "--tls_cert_file: is given without tls_key_file; give both"},
      {{"--tls_key_file=/dev/null"}, "--tls_key_file: is given without tls_cert_file; give both"},
      {{"--header_allow_list=X-Upper"},
       "--header_allow_list: \"X-Upper\" is no header name in lower"},
      {{"--header_allow_list=authorization"}, "\"authorization\" is set by the transport or by"},
      {{"--header_allow_list=api-key", "--upstream_auth_header=api-key"},
       "\"api-key\" takes the API key"},
      {{"--header_allow_list=grpc-timeout"}, "\"grpc-timeout\" is gRPC's own"},
      {{"--header_allow_list=x-bin"}, "\"x-bin\" is binary for gRPC"},
      {{"--api_key_file=/no/such"}, "--api_key_file=/no/such: No such file"},
      {{"--config=/no/such"}, "--config=/no/such: cannot be read"},
      {{"--reflection=maybe"}, "--reflection: \"maybe\" is not a switch; give true or false"},
      {{"--loop=1"}, "--loop: there is no such flag; did you mean --loops?"},
      {{"--nolisten"}, "--nolisten: there is no such flag; did you mean --listen?"},
      {{"--temperature=1"}, "--temperature: there is no such flag (--help lists all)"},
      {{"--api-key=madeUp"}, "--api-key: there is no such flag"},
      {{"--listen"}, "--listen: has no value; give --listen=VALUE"},
      {{"madeUp"}, "argument 1: is no flag; give --name=value"},
      {{"--", "madeUp"}, "arguments after -- have no meaning"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.arguments[0]);
    const std::string message = Bad(c.arguments);
    EXPECT_NE(message.find(c.message), std::string::npos) << message;
  }
}

TEST_F(FlagsTest, BadValuesOfTheFileNameItsLine) {
  const std::string file = Write("bad.yaml", "\nloops: 65\nidle_timeout: 0s\n");
  const std::string message = Bad({"--config=" + file});
  EXPECT_NE(message.find(file + ":2: loops: 65 is out of range"), std::string::npos) << message;
  EXPECT_NE(message.find("\n" + file + ":3: idle_timeout: 0 is out"), std::string::npos) << message;
}

TEST_F(FlagsTest, RefusesLimitsThatDescriptorsCannotHold) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_max > 999999) {
    EXPECT_NE(Bad({"--max_calls=1000000", "--max_connections=1000000"}).find("2000128 descriptors"),
              std::string::npos);
  }
  const int calls = std::min<rlim_t>(limit.rlim_max, 1000000);
  EXPECT_NE(Bad({"--max_calls=" + std::to_string(calls), "--max_connections=1000000"})
                .find("descriptors, the process may open"),
            std::string::npos);
}

TEST_F(FlagsTest, WarnsOfWhatIsUnwise) {
  const std::string key = Write("open_key", kFileKey);
  chmod(key.c_str(), 0644);
  const Config config = Good({"--upstream_url=http://far.example", "--api_key_file=" + key});
  ASSERT_EQ(config.warnings.size(), 2u);
  EXPECT_NE(config.warnings[0].find("--upstream_url: plain http"), std::string::npos);
  EXPECT_NE(config.warnings[1].find("every user may read it"), std::string::npos);
}

TEST_F(FlagsTest, WarnsOfACertificateThatIsNotValidNow) {
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

TEST_F(FlagsTest, HelpListsEveryFlagWithItsDefault) {
  const absl::StatusOr<Start> start = Load({"--help"});
  ASSERT_TRUE(start.ok());
  EXPECT_FALSE(start->config.has_value());
  for (const std::string& name : SettingNames()) {
    const auto* flag = absl::FindCommandLineFlag(name);
    ASSERT_NE(flag, nullptr) << name;
    EXPECT_NE(start->output.find("\n  --" + name + "=" + flag->DefaultValue() + "\n"),
              std::string::npos)
        << name;
  }
  for (const char* other : {"  --config=", "  --check_config=", "  --version"}) {
    EXPECT_NE(start->output.find(other), std::string::npos);
  }
}

TEST_F(FlagsTest, VersionNamesTheLibraries) {
  unsetenv("FIREWORKS_API_KEY");
  const absl::StatusOr<Start> start = Load({"--version"});
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->output.substr(0, 16), "sparkgate 0.1.0\n");
  for (const char* library :
       {"gRPC 1.51", "protobuf 3.21", "libcurl 7.88", "OpenSSL 3", "json 3.11"}) {
    EXPECT_NE(start->output.find(library), std::string::npos) << start->output;
  }
}

TEST_F(FlagsTest, CheckConfigPrintsAFileThatMeansTheSame) {
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

  const absl::StatusOr<Settings> again = ParseConfigText(output, "again");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->origins.size(), SettingNames().size());
  EXPECT_EQ(again->values.idle_timeout().nanos(), 500000000);
  EXPECT_EQ(again->values.header_allow_list().values_size(), 2);
  EXPECT_NE(Bad({"--check_config", "--loops=x"}).find("--loops"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::config
