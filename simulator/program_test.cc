// The program as a process: its flags, its ready line, its end.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "simulator/testing/test_client.h"

namespace sparkgate::simulator {
namespace {

// Standard output is read through a pipe, standard error from a file.
class Program {
 public:
  explicit Program(std::vector<std::string> flags)
      : errors_(testing::TempDir() + "/stderr-" + std::to_string(++count_)) {
    flags.insert(flags.begin(), "simulator/sparkgate-sim");
    std::vector<char*> argv;
    for (std::string& flag : flags) argv.push_back(flag.data());
    argv.push_back(nullptr);
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const int errors = open(errors_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      dup2(errors, STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    close(errors);
    output_ = ends[0];
  }
  ~Program() {
    if (pid_ > 0) Signal(SIGKILL), Wait();
    close(output_);
  }

  std::string Line() {
    std::string line;
    for (char c; read(output_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }
  std::string Rest() {
    std::string text;
    for (char c; read(output_, &c, 1) == 1;) text += c;
    return text;
  }
  uint16_t Port() {
    const std::string line = Line();
    EXPECT_EQ(line.substr(0, 23), "listening on 127.0.0.1:") << line << Errors();
    return static_cast<uint16_t>(std::stoi(line.substr(23)));
  }
  std::string Errors() const {
    std::ifstream file(errors_);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void Signal(int signal) { kill(pid_, signal); }
  // The exit code, or -1 if a signal ended it.
  int Wait() {
    int status = 0;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static inline int count_ = 0;
  const std::string errors_;
  pid_t pid_;
  int output_;
};

TEST(ProgramTest, OneReadyLineAndAnEndByEitherSignal) {
  for (int signal : {SIGTERM, SIGINT}) {
    Program program({"--listen=127.0.0.1:0"});
    TestClient client(program.Port());
    client.Send(ChatPost(ChatBody("sim/story?interval=1h", true)));
    ASSERT_TRUE(client.ReadUntil("content"));
    program.Signal(signal);
    EXPECT_EQ(program.Wait(), 0) << program.Errors();
    EXPECT_EQ(program.Rest(), "");
  }
}

TEST(ProgramTest, ATakenPortIsAnErrorThatSaysSo) {
  Program first({"--listen=127.0.0.1:0"});
  Program second({"--listen=127.0.0.1:" + std::to_string(first.Port())});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_NE(second.Errors().find("cannot listen on 127.0.0.1:"), std::string::npos);
  EXPECT_EQ(second.Rest(), "");
}

TEST(ProgramTest, HelpListsModelsAndFlags) {
  Program program({"--help"});
  const std::string help = program.Rest();
  EXPECT_EQ(program.Wait(), 0);
  for (const char* text : {"sim/echo ", "sim/error-429 ", "sim/second-response ", "--listen",
                           "--tls_self_signed", "--usage_chunk", "/_sim/status"}) {
    EXPECT_NE(help.find(text), std::string::npos) << text;
  }
}

TEST(ProgramTest, BadValuesNameTheFlag) {
  const std::pair<const char*, const char*> cases[] = {
      {"--listen=nonsense", "--listen"},
      {"--listen=127.0.0.1:99999", "--listen"},
      {"--fault=nothing", "--fault: no such fault"},
      {"--fault_rate=2", "--fault_rate"},
      {"--usage_chunk=both", "--usage_chunk"},
      {"--tokens=-1", "--tokens"},
      {"--token_interval=-1s", "--token_interval"},
      {"--threads=0", "--threads"},
      {"--path_prefix=v1", "--path_prefix"},
      {"--tls_cert=/nonexistent", "--tls_cert"},
      {"--tls_self_signed", "--tls_ca_out"},
      {"word", "'word' is no flag"},
      {"--no_such_flag", "no_such_flag"},
  };
  for (const auto& [flag, text] : cases) {
    Program program({flag});
    EXPECT_EQ(program.Wait(), 1) << flag;
    EXPECT_NE(program.Errors().find(text), std::string::npos) << flag << program.Errors();
  }
}

TEST(ProgramTest, FlagsReachTheAnswers) {
  Program program({"--listen=127.0.0.1:0", "--path_prefix=/v1/", "--tokens=3", "--token_interval=0",
                   "--first_token_delay=0", "--usage_chunk=trailing", "--threads=2",
                   "--allow_anonymous"});
  TestClient client(program.Port());
  const std::string body = ChatBody("sim/story", true);
  client.Send("POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: " +
              std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_TRUE(client.ReadUntil("[DONE]"));
  EXPECT_NE(client.received().find(R"("choices":[],"usage":)"), std::string::npos);
  EXPECT_NE(client.received().find(R"("completion_tokens":3)"), std::string::npos);
}

TEST(ProgramTest, WritesTheAuthorityOfItsOwnCertificate) {
  const std::string path = testing::TempDir() + "/ca.pem";
  Program program({"--listen=127.0.0.1:0", "--tls_self_signed", "--tls_ca_out=" + path});
  EXPECT_NE(program.Port(), 0);
  std::ifstream file(path);
  const std::string pem(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(pem.substr(0, 27), "-----BEGIN CERTIFICATE-----");
  EXPECT_EQ(pem.find("PRIVATE"), std::string::npos);
}

}  // namespace
}  // namespace sparkgate::simulator
