// What is wrong with a configuration, in words that name the place and what would be right.
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "service/config/testing/load_fixture.h"

namespace sparkgate::config {
namespace {

TEST_F(LoadTest, BadValuesNameTheFlagAndWhatWouldBeRight) {
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

TEST_F(LoadTest, BadValuesOfTheFileNameItsLine) {
  const std::string file = Write("bad.yaml", "\nloops: 65\nidle_timeout: 0s\n");
  const std::string message = Bad({"--config=" + file});
  EXPECT_NE(message.find(file + ":2: loops: 65 is out of range"), std::string::npos) << message;
  EXPECT_NE(message.find("\n" + file + ":3: idle_timeout: 0 is out"), std::string::npos) << message;
}

TEST_F(LoadTest, AValueThatAnotherReplacesNeedNotBeAllowed) {
  EXPECT_EQ(Good({"--loops=x", "--loops=3"}).loops, 3);
  const std::string file = Write("replaced.yaml",
                                 "listen: nowhere\nlog_level: loud\nloops: 99\n"
                                 "upstream_url: none\nconnect_timeout: 500us\n");
  const Config config = Good({"--config=" + file, "--listen=h:1", "--log_level=debug", "--loops=2",
                              "--upstream_url=https://h", "--connect_timeout=2s"});
  EXPECT_EQ(config.listen, (HostPort{"h", 1}));
  EXPECT_EQ(config.log_level, telemetry::Level::kDebug);
}

TEST_F(LoadTest, TellsAllValuesThatAreNotAllowed) {
  const std::string message = Bad({"--listen=h", "--log_level=loud", "--loops=99"});
  for (const char* flag : {"--listen: ", "--log_level: ", "--loops: "}) {
    EXPECT_NE(message.find(flag), std::string::npos) << message;
  }
}

TEST_F(LoadTest, DurationsAreCheckedBeforeTheyAreRounded) {
  EXPECT_NE(Bad({"--drain_delay=-500us"}).find("-500us is out of range; give 0s to 10m"),
            std::string::npos);
  EXPECT_NE(Bad({"--connect_timeout=999us"}).find("999us is out of range; give 1ms to 5m"),
            std::string::npos);
  EXPECT_EQ(Good({"--connect_timeout=1.5ms"}).connect_timeout, std::chrono::milliseconds(1));
}

TEST_F(LoadTest, RefusesLimitsThatDescriptorsCannotHold) {
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

}  // namespace
}  // namespace sparkgate::config
