#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/url.h"
#include "service/config/fixed_headers.h"
#include "service/config/settings.h"

namespace sparkgate::config {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals only

constexpr size_t kKiB = 1 << 10;
constexpr size_t kMiB = 1 << 20;

std::string Quoted(const std::string& url, const absl::Status& status) {
  return status.ok() ? "" : absl::StrCat("\"", PrintableUrl(url), "\" ", status.message());
}

std::string UpstreamUrlProblem(const std::string& url) {
  return Quoted(url, ParseUpstreamUrl(url).status());
}

std::string ProxyUrlProblem(const std::string& url) {
  return url.empty() ? "" : Quoted(url, ParseProxyUrl(url).status());
}

std::string KeyHeaderProblem(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  return lower == "authorization" ? "" : CallerHeaderProblem(lower);
}

std::string ReasoningFieldProblem(const std::string& name) {
  if (name == "reasoning_content" || name == "reasoning") return "";
  return absl::StrCat("\"", name.substr(0, 40),
                      "\" is unknown; give reasoning_content or reasoning");
}

}  // namespace

// The default is the text that a file or flag would give.
const std::vector<Setting>& SettingsTable() {
  static const std::vector<Setting> table = {
      // How it is started.
      {"config", "", Text{&Config::config_file},
       "File with settings, YAML or JSON; its keys are the names of these flags. Flags win "
       "over it.",
       /*in_file=*/false},
      {"check_config", "false", Switch{&Config::check_config},
       "Check everything, print what holds and where it was said, without secrets, and "
       "exit.",
       /*in_file=*/false},

      // The server.
      {"listen", "127.0.0.1:50051", Address{&Config::listen},
       "HOST:PORT to listen on; port 0 takes any free one and the ready line says which. "
       "The default is this machine alone, because there is no TLS and no caller is checked "
       "unless you say so; in a container use [::]:50051, which is all addresses, of IPv6 "
       "and of IPv4."},
      {"tls_cert_file", "", Text{&Config::tls_cert_file},
       "PEM file with the server's certificate chain. Together with --tls_key_file, or "
       "neither for plain text: the default, because TLS usually ends in a mesh or proxy in "
       "front. Both are read again when they have changed, at a connection and at most once "
       "a second; until they match, the old pair stays in use."},
      {"tls_key_file", "", Text{&Config::tls_key_file},
       "PEM file with the private key of --tls_cert_file. Read again as that is."},
      {"reflection", "true", Switch{&Config::reflection},
       "Answer gRPC reflection, so that grpcurl works without .proto files. The API is "
       "public; nothing secret is told."},
      {"debug_service", "false", Switch{&Config::debug_service},
       "Offer sparkgate.v1.DebugService, which shows the upstream request of a call. Off, "
       "because it is of use only while something is being looked into."},
      {"loops", "0", Count{&Config::loops, 0, 64},
       "Number of event loops, 1 to 64. 0: the cores that the process may use (affinity and "
       "cgroup quota), at most 8, because more gain nothing."},
      {"max_calls", "0", Count{&Config::max_calls, 0, 1'000'000},
       "Most calls at once; what is over it is refused at once with RESOURCE_EXHAUSTED. 0: "
       "what the descriptors hold, because a call costs one, its upstream connection."},
      {"max_connections", "0", Count{&Config::max_connections, 0, 1'000'000},
       "Most connections of callers at once. 0: a quarter of the descriptors; "
       "max_connections + max_calls + 128 must not exceed ulimit -n."},
      {"max_receive_bytes", "32MiB", Size{&Config::max_receive_bytes, kKiB, 1024 * kMiB},
       "Largest request, bytes or KiB or MiB. Images travel inside requests, hence far over "
       "gRPC's own 4 MiB; gRPC holds the whole request in memory, hence not more."},
      {"max_connection_age", "0s", Time{&Config::max_connection_age, 0h, 168h},
       "Duration after which a caller's connection is asked to go (GOAWAY, 10 % sooner or "
       "later), so that new servers get their share. Its calls go on, up to max_call_time. "
       "0s: never; 5m suits a deployment that scales."},
      {"request_timeout", "30s", Time{&Config::request_timeout, 1ms, 1h},
       "Duration for which a caller may take to send its request message, from its headers "
       "on. A request that is never complete would hold its memory for ever."},

      // The upstream.
      {"upstream_url", "https://api.fireworks.ai/inference/v1",
       Text{&Config::upstream_url, UpstreamUrlProblem},
       "URL of the upstream with its path prefix; /chat/completions is added. Any "
       "OpenAI-compatible one works."},
      {"api_key_file", "", Text{&Config::api_key_file},
       "File with the upstream's API key and nothing else. Wins over FIREWORKS_API_KEY of "
       "the environment. There is no flag for the key itself, because every user of a "
       "machine sees command lines. Read at the start only."},
      {"no_api_key", "false", Switch{&Config::no_api_key},
       "Send no key, for upstreams that want none. Without it and without a key Sparkgate "
       "does not start: every call would fail."},
      {"ca_file", "", Text{&Config::ca_file},
       "PEM file with the authorities that the upstream's certificate is checked against, "
       "and no others. Empty: the system's. Read again at new upstream connections, at most every "
       "ten seconds."},
      {"upstream_proxy", "", Text{&Config::upstream_proxy, ProxyUrlProblem},
       "URL of an HTTP proxy to the upstream, http(s)://host:port. Empty: none; the "
       "environment's http_proxy is ignored, because prompts should not take a way that "
       "nobody configured."},
      {"upstream_proxy_auth_file", "", Text{&Config::upstream_proxy_auth_file},
       "File with user:password for --upstream_proxy (Basic) and nothing else. There is no "
       "flag for them, because every user of a machine sees command lines, and they may not "
       "stand in the proxy's URL."},
      {"upstream_auth_header", "authorization",
       Text{&Config::upstream_auth_header, KeyHeaderProblem},
       "Name of the header that takes the API key: as a bearer token in authorization, as "
       "it is in any other, such as api-key."},
      {"upstream_header_file", "", Text{&Config::upstream_header_file},
       "File with headers for every upstream request, one 'Name: value' per line; blank "
       "lines and those that begin with # are skipped. At most 32, 16 KiB together. The "
       "values are secrets; callers cannot change them. Names that HTTP or Sparkgate sets "
       "are refused, as is the one that takes the API key."},
      {"dns_refresh", "30s", Time{&Config::dns_refresh, 1s, 1h},
       "Duration between two look-ups of the upstream's addresses. Old ones are used while "
       "a look-up fails; 30 s follows a moved upstream soon enough and asks little."},
      {"include_usage", "true", Switch{&Config::include_usage},
       "Ask the upstream for token counts in streams (stream_options.include_usage). Off "
       "for upstreams that refuse the field."},
      {"header_allow_list",
       "x-session-affinity,x-multi-turn-session-id,x-prompt-cache-isolation-key,fireworks-model,"
       "fireworks-deployment",
       List{&Config::header_allow_list},
       "Comma-separated names of request metadata that are passed upstream as headers. The "
       "default are the headers by which Fireworks routes; all else stays here."},
      {"echo_extra", "true", Switch{&Config::echo_extra},
       "Send the members of extra_json that an assistant's message came with upstream "
       "again: some models need them, such as signatures of their reasoning. Off for "
       "upstreams that refuse in requests what they add to answers."},
      {"reasoning_field", "reasoning_content",
       Text{&Config::reasoning_field, ReasoningFieldProblem},
       "Name under which a message's reasoning_content is sent upstream: reasoning_content "
       "or reasoning. In answers both are understood."},

      // One call.
      {"connect_timeout", "5s", Time{&Config::connect_timeout, 1ms, 5min},
       "Duration for DNS, TCP and TLS of one upstream connection. A connection that takes "
       "longer rarely comes; such a call was not seen and may be sent again."},
      {"first_content_timeout", "120s", Time{&Config::first_content_timeout, 1ms, 24h},
       "Duration from the request to the first content of a stream. Long, because long "
       "prompts and waiting for a free machine take a minute and more."},
      {"content_gap_timeout", "60s", Time{&Config::content_gap_timeout, 1ms, 24h},
       "Duration between two pieces of content of a stream. Comments do not count, so a "
       "server that only sends keep-alives is noticed."},
      {"idle_timeout", "60s", Time{&Config::idle_timeout, 1ms, 24h},
       "Duration without a single byte from the upstream, comments included, after which "
       "the stream is given up. It begins with the first content."},
      {"end_grace", "3s", Time{&Config::end_grace, 1ms, 1h},
       "Duration for which a stream whose choices are all finished may go on without an end "
       "mark: usage comes within it, and some servers send none. Then the call ends well."},
      {"heartbeat", "0s", Time{&Config::heartbeat, 0h, 1h},
       "Duration of silence of a stream after which the caller gets a message that says "
       "nothing (an empty delta of choice 0), so that no proxy between takes the call for "
       "dead. 0s: none. A caller sets its own by the metadata sparkgate-heartbeat."},
      {"max_call_time", "10m", Time{&Config::max_call_time, 1ms, 24h},
       "Duration after which any call ends, whatever the caller's deadline: callers without "
       "one must not hold a connection for ever."},
      {"reader_stall_timeout", "30s", Time{&Config::reader_stall_timeout, 1ms, 24h},
       "Duration for which a caller may leave a full outbox unread before the call ends "
       "with SLOW_READER. The upstream waits meanwhile, and generates at our cost."},
      {"outbox_bytes", "64KiB", Size{&Config::outbox_bytes, kKiB, 64 * kMiB},
       "Bytes (KiB, MiB) of messages that wait for one slow caller before the upstream is "
       "paused. As text a long answer, so that short stops cost nothing."},
      {"max_event_bytes", "16MiB", Size{&Config::max_event_bytes, kKiB, 64 * kMiB},
       "Largest event of a stream, bytes or KiB or MiB. Chunks have a few hundred bytes; a "
       "picture in one, or the whole arguments of a tool call, has megabytes."},
      {"max_chat_body_bytes", "64MiB", Size{&Config::max_chat_body_bytes, kKiB, 1024 * kMiB},
       "Largest upstream body of a Chat call, bytes or KiB or MiB. It is held in memory "
       "whole; n and logprobs make answers of some MiB."},
      {"max_request_elements", "65536", Count{&Config::max_request_elements, 1, 10'000'000},
       "Most elements of one request: messages, content parts, tools, strings and map "
       "entries together. An empty one is two bytes on the wire and some hundred in memory; "
       "a conversation of 1,000 messages has some 3,000."},

      // The process.
      {"drain_delay", "2s", Time{&Config::drain_delay, 0h, 10min},
       "Duration after SIGTERM in which calls are still accepted while health says "
       "NOT_SERVING, so that load balancers look away first."},
      {"drain_grace", "25s", Time{&Config::drain_grace, 0h, 24h},
       "Duration after the delay in which running streams may finish. With the delay and a "
       "rest it stays within the 30 s that Kubernetes gives by default."},
      {"log_level", "info", LogLevel{&Config::log_level},
       "Least level of log lines: debug, info, warning or error. One line per call is info."},
      {"allow_core", "false", Switch{&Config::allow_core},
       "Allow core dumps and debuggers. Off, because a dump holds the key and prompts."},
  };
  return table;
}

}  // namespace sparkgate::config
