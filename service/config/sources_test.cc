#include "service/config/sources.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "gtest/gtest.h"

namespace sparkgate::config {
namespace {

constexpr char kEverySetting[] = R"(# a comment
listen: "0.0.0.0:50051"
tls_cert_file: /etc/tls.crt
reflection: false
loops: 3
max_receive_bytes: 16 MiB
upstream_url: 'https://host/v1'
header_allow_list:
  - x-one
  - x-two
connect_timeout: 250ms
max_call_time: 1m30s
outbox_bytes: 65536
max_event_bytes: "512KiB"
drain_delay: 0
)";

Config Values(const GivenSettings& given) {
  Config config;
  for (const auto& [name, value] : given) {
    EXPECT_TRUE(Set(*FindSetting(name), value.text, &config).ok()) << name;
  }
  return config;
}

TEST(ConfigFileTest, ReadsYaml) {
  const absl::StatusOr<GivenSettings> settings = ParseConfigText(kEverySetting, "gate.yaml");
  ASSERT_TRUE(settings.ok()) << settings.status();
  const Config values = Values(*settings);
  EXPECT_EQ(values.listen, (HostPort{"0.0.0.0", 50051}));
  EXPECT_EQ(values.tls_cert_file, "/etc/tls.crt");
  EXPECT_EQ(settings->count("reflection"), 1u);
  EXPECT_FALSE(values.reflection);
  EXPECT_EQ(values.loops, 3);
  EXPECT_EQ(values.max_receive_bytes, 16u << 20);
  EXPECT_EQ(values.upstream_url, "https://host/v1");
  ASSERT_EQ(values.header_allow_list.size(), 2u);
  EXPECT_EQ(values.header_allow_list.at(1), "x-two");
  EXPECT_EQ(TextOf(*FindSetting("connect_timeout"), values), "250ms");
  EXPECT_EQ(TextOf(*FindSetting("max_call_time"), values), "1m30s");
  EXPECT_EQ(values.outbox_bytes, 65536u);
  EXPECT_EQ(TextOf(*FindSetting("max_event_bytes"), values), "512KiB");
  EXPECT_TRUE(settings->count("drain_delay"));
  EXPECT_EQ(settings->at("loops").origin, "gate.yaml:5: loops");
  EXPECT_FALSE(settings->count("idle_timeout"));
}

TEST(ConfigFileTest, ReadsJson) {
  const absl::StatusOr<GivenSettings> settings = ParseConfigText(
      "{\n\t\"listen\": \"[::1]:0\",\n\t\"loops\": 2, \"include_usage\": false,\n"
      "  \"upstream_url\": \"https:\\/\\/host\\/v1\",\n"
      "  \"header_allow_list\": [\"x-one\"], \"idle_timeout\": \"5s\"\n}\n",
      "gate.json");
  ASSERT_TRUE(settings.ok()) << settings.status();
  const Config values = Values(*settings);
  EXPECT_EQ(values.listen, (HostPort{"::1", 0}));
  EXPECT_EQ(values.upstream_url, "https://host/v1");
  EXPECT_EQ(values.loops, 2);
  EXPECT_FALSE(values.include_usage);
  EXPECT_EQ(values.header_allow_list.at(0), "x-one");
  EXPECT_EQ(settings->at("idle_timeout").origin, "gate.json:5: idle_timeout");
}

TEST(ConfigFileTest, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "\n", "# nothing\n", "{}", "---\n"}) {
    const absl::StatusOr<GivenSettings> settings = ParseConfigText(text, "f");
    ASSERT_TRUE(settings.ok()) << text << settings.status();
    EXPECT_TRUE(settings->empty());
  }
}

TEST(ConfigFileTest, AnEmptyListIsSaid) {
  const absl::StatusOr<GivenSettings> settings = ParseConfigText("header_allow_list: []", "f");
  ASSERT_TRUE(settings.ok());
  EXPECT_TRUE(settings->count("header_allow_list"));
}

TEST(ConfigFileTest, NamesTheLineOfEveryMistake) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"loops: 1\nlisten_address: x\n", "f:2: unknown key \"listen_address\""},
      {"\nloop: 1\n", "f:2: unknown key \"loop\"; did you mean loops?"},
      {"connectTimeout: 1s\n",
       "f:1: unknown key \"connectTimeout\"; did you mean connect_timeout?"},
      {"{\"loops\": 1,\n\"Loops\": 2}", "f:2: unknown key \"Loops\"; did you mean loops?"},
      {"loops: 1\nlisten: 'h:1'\nloops: 2\n", "f:3: loops stands there twice"},
      {"loops: two\n", "f:1: loops: \"two\" is not a count; give a whole number"},
      {"loops: 1.5\n", "f:1: loops: \"1.5\" is not a count"},
      {"loops: '2'\n", "f:1: loops: is text in quotes; leave them out"},
      {"loops: 99999999999\n", "f:1: loops: \"99999999999\" is not a count"},
      {"loops:\n", "f:1: loops: has no value"},
      {"loops: null\n", "f:1: loops: has no value"},
      {"loops: [1]\n", "f:1: loops: is a list or a mapping; give one value"},
      {"listen:\n  host: x\n", "listen: is a list or a mapping; give one value"},
      {"reflection: yes\n", "f:1: reflection: \"yes\" is not a switch; give true or false"},
      {"reflection: 1\n", "f:1: reflection: \"1\" is not a switch"},
      {"reflection: \"true\"\n", "f:1: reflection: is text in quotes"},
      {"\n\nidle_timeout: 60\n",
       "f:3: idle_timeout: \"60\" is not a duration; give a number with a unit, such as 5s"},
      {"idle_timeout: 5 s\n", "\"5 s\" is not a duration"},
      {"idle_timeout: inf\n", "\"inf\" is not a duration"},
      {"outbox_bytes: 1MB\n", "f:1: outbox_bytes: \"1MB\" is not a size; give a number of bytes"},
      {"outbox_bytes: -1\n", "f:1: outbox_bytes: \"-1\" is not a size"},
      {"outbox_bytes: KiB\n", "f:1: outbox_bytes: \"KiB\" is not a size"},
      {"outbox_bytes: 99999999999999999MiB\n", "is not a size"},
      {"header_allow_list: x-one\n", "f:1: header_allow_list: is no list; give [name, name]"},
      {"header_allow_list: [[x]]\n", "header_allow_list: has an element that is no text"},
      {"header_allow_list: ['x,y']\n", "header_allow_list: has an element that is no name"},
      {"header_allow_list: ['']\n", "header_allow_list: has an element that is no name"},
      {"check_config: true\n", "f:1: unknown key \"check_config\""},
      {"[1, 2]\n", "f:1: is no mapping"},
      {"just text\n", "f:1: is no mapping"},
      {"[a]: 1\n", "f:1: has a key that is no word"},
      {"loops: 1\n---\nloops: 2\n", "begins a second document"},
      {"loops: 1\n  bad: [\n", "f:2: is neither YAML nor JSON here"},
      {"{\"loops\": 1", "is neither YAML nor JSON here"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const absl::StatusOr<GivenSettings> settings = ParseConfigText(c.text, "f");
    ASSERT_FALSE(settings.ok());
    EXPECT_NE(std::string(settings.status().message()).find(c.message), std::string::npos)
        << settings.status().message();
  }
}

TEST(ConfigFileTest, TellsAllMistakesAtOnce) {
  const absl::StatusOr<GivenSettings> settings =
      ParseConfigText("loop: 1\nlisten: [x]\nloops: x\n", "f");
  ASSERT_FALSE(settings.ok());
  const std::string message(settings.status().message());
  for (const char* line : {"f:1: ", "\nf:2: ", "\nf:3: "}) {
    EXPECT_NE(message.find(line), std::string::npos) << message;
  }
}

TEST(ConfigFileTest, ReadsFiles) {
  const std::string path = testing::TempDir() + "config_" + std::to_string(getpid());
  std::ofstream(path) << "loops: 2\n";
  const absl::StatusOr<GivenSettings> settings = ReadConfigFile(path);
  ASSERT_TRUE(settings.ok()) << settings.status();
  EXPECT_EQ(settings->at("loops").origin, path + ":1: loops");

  std::ofstream(path) << std::string((1 << 20) + 1, '#');
  EXPECT_NE(ReadConfigFile(path).status().message().find("over 1 MiB"), absl::string_view::npos);
  for (const char* bad : {"/no/such/file", "/tmp"}) {
    const absl::Status status = ReadConfigFile(bad).status();
    EXPECT_NE(status.message().find(std::string("--config=") + bad + ": cannot be read"),
              absl::string_view::npos)
        << status;
  }
}

}  // namespace
}  // namespace sparkgate::config
