// sparkgate-sim: its command line and main(). See README.md in this folder.
#include <absl/flags/flag.h>
#include <absl/flags/parse.h>
#include <absl/flags/reflection.h>
#include <absl/time/time.h>
#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "simulator/certificate.h"
#include "simulator/plan.h"
#include "simulator/server.h"

namespace simulator = sparkgate::simulator;
using simulator::Options;
using simulator::Plan;

ABSL_FLAG(std::string, listen, "127.0.0.1:8089", "host:port to listen on; port 0 takes a free one");
ABSL_FLAG(int, threads, 1, "event loops, each a thread; one carries thousands of streams");
ABSL_FLAG(int64_t, max_body, 64 << 20, "largest request body in bytes; beyond it 413");
ABSL_FLAG(std::string, path_prefix, "/inference/v1",
          "what comes before /chat/completions and /models; may be empty");
ABSL_FLAG(std::string, api_key_required, "",
          "the one bearer key that is accepted; empty: every key is");
ABSL_FLAG(bool, allow_anonymous, false, "answer requests without Authorization too");
ABSL_FLAG(bool, reject_stream_options, false,
          "refuse the field stream_options, as the upstream did in the past");
ABSL_FLAG(std::string, usage_chunk, "finish",
          "where a stream carries usage: finish (on the finish chunk), trailing (on a chunk "
          "without choices), auto (trailing if stream_options asks for it), none");
ABSL_FLAG(absl::Duration, token_interval, absl::Milliseconds(20), "time between two tokens");
ABSL_FLAG(absl::Duration, first_token_delay, absl::Milliseconds(100),
          "time from the headers to the first text");
ABSL_FLAG(int, tokens, 120, "length of a story in tokens");
ABSL_FLAG(std::string, fault, "",
          "a fault for any call: a model's name without sim/, parameters allowed (cut?at=3)");
ABSL_FLAG(double, fault_rate, 1.0, "share of the calls that --fault hits, from 0 to 1");
ABSL_FLAG(uint64_t, fault_seed, 1, "which calls --fault hits; the same for the same seed");
ABSL_FLAG(std::string, tls_cert, "", "file with the certificate chain (PEM): serve TLS");
ABSL_FLAG(std::string, tls_key, "", "file with the private key (PEM)");
ABSL_FLAG(bool, tls_self_signed, false,
          "serve TLS with a throw-away certificate for localhost, 127.0.0.1 and ::1");
ABSL_FLAG(std::string, tls_ca_out, "",
          "with --tls_self_signed: write the certificate authority to this file (PEM)");

namespace {

std::string Usage() {
  return "A chat-completions upstream to test against: HTTP/1.1, server-sent events, made-up "
         "answers, faults on demand.\n\nModels (parameters in the name: "
         "sim/story?tokens=200&interval=20ms; known are tokens, interval, delay, at, byte, size, "
         "usage, retry_after):\n" +
         simulator::ModelsAsText() +
         "\nStatus: GET /_sim/status, GET /_sim/requests, POST /_sim/reset";
}

bool IsOwn(const absl::CommandLineFlag& flag) {
  const std::string file = flag.Filename();
  constexpr std::string_view kOwn = "simulator/main.cc";
  return file.size() >= kOwn.size() && file.substr(file.size() - kOwn.size()) == kOwn;
}

// Abseil's own --help ends with exit code 1 and shows paths of source files.
void PrintHelp() {
  std::map<std::string, const absl::CommandLineFlag*> flags;
  for (const auto& [name, flag] : absl::GetAllFlags()) {
    if (IsOwn(*flag)) flags.emplace(std::string(name.data(), name.size()), flag);
  }
  std::printf("%s\n\nFlags:\n", Usage().c_str());
  for (const auto& [name, flag] : flags) {
    std::printf("  --%s (default \"%s\")\n      %s\n", name.c_str(), flag->DefaultValue().c_str(),
                flag->Help().c_str());
  }
}

bool WantsHelp(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-help" || argument == "-h") return true;
  }
  return false;
}

[[noreturn]] void Die(const std::string& error) {
  std::fprintf(stderr, "sparkgate-sim: %s\n", error.c_str());
  std::exit(1);
}

// Ends the process with the sentence unless `valid`.
void Require(bool valid, const std::string& error) {
  if (!valid) Die(error);
}

void ReadListen(Options* options) {
  const std::string value = absl::GetFlag(FLAGS_listen);
  const size_t colon = value.rfind(':');
  const char* const begin = value.data() + (colon == std::string::npos ? 0 : colon + 1);
  const char* const end = value.data() + value.size();
  const auto [stop, failed] = std::from_chars(begin, end, options->port);
  Require(colon != std::string::npos && colon != 0 && stop == end && failed == std::errc(),
          "--listen: '" + value + "' is not host:port, such as 127.0.0.1:8089");
  options->host = value.substr(0, colon);
  if (options->host.size() > 2 && options->host.front() == '[' && options->host.back() == ']') {
    options->host = options->host.substr(1, options->host.size() - 2);
  }
}

void ReadUsage(Options* options) {
  const std::string value = absl::GetFlag(FLAGS_usage_chunk);
  Plan plan;
  std::string error;
  Require(simulator::Resolve("sim/story?usage=" + value, &plan, &error) ==
              simulator::Resolution::kFound,
          "--usage_chunk: '" + value + "' is none of finish, trailing, auto, none");
  options->defaults.usage = plan.usage;
}

std::chrono::microseconds DurationFlag(const char* name, absl::Duration value) {
  Require(value >= absl::ZeroDuration() && value <= absl::Hours(24),
          std::string(name) + ": must be from 0 to 24h");
  return absl::ToChronoMicroseconds(value);
}

void ReadPace(Plan* defaults) {
  defaults->interval = DurationFlag("--token_interval", absl::GetFlag(FLAGS_token_interval));
  defaults->first_token_delay =
      DurationFlag("--first_token_delay", absl::GetFlag(FLAGS_first_token_delay));
  defaults->tokens = absl::GetFlag(FLAGS_tokens);
  Require(defaults->tokens >= 0 && defaults->tokens <= 10'000'000,
          "--tokens: must be from 0 to 10000000");
}

void ReadFault(Options* options) {
  options->fault = absl::GetFlag(FLAGS_fault);
  options->fault_rate = absl::GetFlag(FLAGS_fault_rate);
  options->fault_seed = absl::GetFlag(FLAGS_fault_seed);
  Plan plan;
  std::string error;
  if (!options->fault.empty() && !simulator::Overlay(options->fault, &plan, &error)) {
    Die("--fault: " + error);
  }
  Require(options->fault_rate >= 0 && options->fault_rate <= 1,
          "--fault_rate: must be from 0 to 1");
}

void ReadRest(Options* options) {
  options->path_prefix = absl::GetFlag(FLAGS_path_prefix);
  while (!options->path_prefix.empty() && options->path_prefix.back() == '/') {
    options->path_prefix.pop_back();
  }
  Require(options->path_prefix.empty() || options->path_prefix.front() == '/',
          "--path_prefix: must begin with '/'");
  options->api_key = absl::GetFlag(FLAGS_api_key_required);
  options->allow_anonymous = absl::GetFlag(FLAGS_allow_anonymous);
  options->reject_stream_options = absl::GetFlag(FLAGS_reject_stream_options);
  options->threads = absl::GetFlag(FLAGS_threads);
  const int64_t max_body = absl::GetFlag(FLAGS_max_body);
  options->max_body = static_cast<size_t>(max_body);
  Require(options->threads >= 1 && options->threads <= 64 && max_body > 0,
          "--threads must be from 1 to 64, --max_body at least 1");
}

std::string FileText(const char* flag, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  Require(file && !text.empty(), std::string(flag) + ": cannot read '" + path + "'");
  return text;
}

void MakeOwnCertificate(Options* options) {
  const std::string path = absl::GetFlag(FLAGS_tls_ca_out);
  Require(!path.empty(), "--tls_self_signed: needs --tls_ca_out FILE");
  std::optional<simulator::Certificate> made = simulator::MakeCertificate();
  Require(made.has_value(), "--tls_self_signed: OpenSSL cannot make a certificate");
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << made->ca_pem;
  file.close();
  Require(file.good(), "--tls_ca_out: cannot write '" + path + "'");
  options->tls_certificate_pem = std::move(made->certificate_pem);
  options->tls_key_pem = std::move(made->key_pem);
}

void ReadTls(Options* options) {
  const std::string certificate = absl::GetFlag(FLAGS_tls_cert);
  const std::string key = absl::GetFlag(FLAGS_tls_key);
  const bool own = absl::GetFlag(FLAGS_tls_self_signed);
  const bool given = !certificate.empty();
  Require(
      given == !key.empty() && !(own && given) && (own || absl::GetFlag(FLAGS_tls_ca_out).empty()),
      "TLS needs --tls_cert with --tls_key, or else --tls_self_signed with --tls_ca_out");
  options->tls = own || given;
  if (own) MakeOwnCertificate(options);
  if (!given) return;
  options->tls_certificate_pem = FileText("--tls_cert", certificate);
  options->tls_key_pem = FileText("--tls_key", key);
}

// --help prints flags and models and ends the process, as does a bad flag with a sentence that
// names it. Writes --tls_ca_out if a certificate is made.
Options ReadFlags(int argc, char** argv) {
  if (WantsHelp(argc, argv)) {
    PrintHelp();
    std::exit(0);
  }
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() > 1) Die(std::string("'") + rest[1] + "' is no flag; see --help");
  Options options;
  ReadListen(&options);
  ReadUsage(&options);
  ReadPace(&options.defaults);
  ReadFault(&options);
  ReadRest(&options);
  ReadTls(&options);
  return options;
}

// Every stream is a descriptor.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const Options options = ReadFlags(argc, argv);
  RaiseDescriptorLimit();
  simulator::Server server(options);
  std::string error;
  if (!server.Listen(&error)) Die(error);
  server.StopOnSignals();
  const bool is_v6 = options.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + options.host + "]" : options.host;
  std::printf("listening on %s:%u\n", host.c_str(), static_cast<unsigned>(server.port()));
  std::fflush(stdout);
  server.Run();
  return 0;
}
