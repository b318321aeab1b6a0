#include "service/config/flag_definitions.h"

#include <cstdlib>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/internal/parse.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

// Every setting has a flag of its own name. All but the switches are text for Abseil: their values
// are read by the same code as the file's, which says what would be right where Abseil says
// "illegal".

// The server.
ABSL_FLAG(
    std::string, listen, "127.0.0.1:50051",
    "HOST:PORT to listen on; port 0 takes any free one and the ready line says which. The "
    "default is this machine alone, because there is no TLS and no caller is checked unless "
    "you say so; in a container use [::]:50051, which is all addresses, of IPv6 and of IPv4.");
ABSL_FLAG(std::string, tls_cert_file, "",
          "PEM file with the server's certificate chain. Together with --tls_key_file, or neither "
          "for plain text: the default, because TLS usually ends in a mesh or proxy in front. Both "
          "are read again when they have changed, at a connection and at most once a second; until "
          "they match, the old pair stays in use.");
ABSL_FLAG(std::string, tls_key_file, "",
          "PEM file with the private key of --tls_cert_file. Read again as that is.");
ABSL_FLAG(bool, reflection, true,
          "Answer gRPC reflection, so that grpcurl works without .proto files. The API is public; "
          "nothing secret is told.");
ABSL_FLAG(bool, debug_service, false,
          "Offer sparkgate.v1.DebugService, which shows the upstream request of a call. Off, "
          "because it is of use only while something is being looked into.");
ABSL_FLAG(std::string, loops, "0",
          "Number of event loops, 1 to 64. 0: the cores that the process may use (affinity and "
          "cgroup quota), at most 8, because more gain nothing.");
ABSL_FLAG(std::string, max_calls, "0",
          "Most calls at once; what is over it is refused at once with RESOURCE_EXHAUSTED. 0: what "
          "the descriptors hold, because a call costs one, its upstream connection.");
ABSL_FLAG(std::string, max_connections, "0",
          "Most connections of callers at once. 0: a quarter of the descriptors; "
          "max_connections + max_calls + 128 must not exceed ulimit -n.");
ABSL_FLAG(std::string, request_timeout, "30s",
          "Duration for which a caller may take to send its request message, from its headers on. "
          "A request that is never complete would hold its memory for ever.");
ABSL_FLAG(
    std::string, max_connection_age, "0s",
    "Duration after which a caller's connection is asked to go (GOAWAY, 10 % sooner or later), "
    "so that new servers get their share. Its calls go on, up to max_call_time. 0s: never; "
    "5m suits a deployment that scales.");
ABSL_FLAG(std::string, max_receive_bytes, "32MiB",
          "Largest request, bytes or KiB or MiB. Images travel inside requests, hence far over "
          "gRPC's own 4 MiB; gRPC holds the whole request in memory, hence not more.");

// The upstream.
ABSL_FLAG(std::string, upstream_url, "https://api.fireworks.ai/inference/v1",
          "URL of the upstream with its path prefix; /chat/completions is added. Any "
          "OpenAI-compatible one works.");
ABSL_FLAG(std::string, api_key_file, "",
          "File with the upstream's API key and nothing else. Wins over FIREWORKS_API_KEY of the "
          "environment. There is no flag for the key itself, because every user of a machine sees "
          "command lines. Read at the start only.");
ABSL_FLAG(bool, no_api_key, false,
          "Send no key, for upstreams that want none. Without it and without a key Sparkgate does "
          "not start: every call would fail.");
ABSL_FLAG(std::string, ca_file, "",
          "PEM file with the authorities that the upstream's certificate is checked against, and "
          "no others. Empty: the system's. Read for each new upstream connection.");
ABSL_FLAG(
    std::string, upstream_auth_header, "authorization",
    "Name of the header that takes the API key: as a bearer token in authorization, as it is in "
    "any other, such as api-key.");
ABSL_FLAG(std::string, upstream_proxy, "",
          "URL of an HTTP proxy to the upstream, http(s)://host:port. Empty: none; the "
          "environment's http_proxy is ignored, because prompts should not take a way that nobody "
          "configured.");
ABSL_FLAG(
    std::string, upstream_proxy_auth_file, "",
    "File with user:password for --upstream_proxy (Basic) and nothing else. There is no flag for "
    "them, because every user of a machine sees command lines, and they may not stand in the "
    "proxy's URL.");
ABSL_FLAG(
    std::string, upstream_header_file, "",
    "File with headers for every upstream request, one 'Name: value' per line; blank lines and "
    "those that begin with # are skipped. At most 32, 16 KiB together. The values are secrets; "
    "callers cannot change them. Names that HTTP or Sparkgate sets are refused, as is the one that "
    "takes the API key.");
ABSL_FLAG(std::string, dns_refresh, "30s",
          "Duration between two look-ups of the upstream's addresses. Old ones are used while a "
          "look-up fails; 30 s follows a moved upstream soon enough and asks little.");
ABSL_FLAG(bool, include_usage, true,
          "Ask the upstream for token counts in streams (stream_options.include_usage). Off for "
          "upstreams that refuse the field.");
ABSL_FLAG(
    bool, echo_extra, true,
    "Send the members of extra_json that an assistant's message came with upstream again: some "
    "models need them, such as signatures of their reasoning. Off for upstreams that refuse "
    "in requests what they add to answers.");
ABSL_FLAG(std::string, reasoning_field, "reasoning_content",
          "Name under which a message's reasoning_content is sent upstream: reasoning_content or "
          "reasoning. In answers both are understood.");
ABSL_FLAG(std::string, header_allow_list,
          "x-session-affinity,x-multi-turn-session-id,x-prompt-cache-isolation-key,"
          "fireworks-model,fireworks-deployment",
          "Comma-separated names of request metadata that are passed upstream as headers. The "
          "default are the headers by which Fireworks routes; all else stays here.");

// One call.
ABSL_FLAG(std::string, connect_timeout, "5s",
          "Duration for DNS, TCP and TLS of one upstream connection. A connection that takes "
          "longer rarely comes; such a call was not seen and may be sent again.");
ABSL_FLAG(std::string, first_content_timeout, "120s",
          "Duration from the request to the first content of a stream. Long, because long prompts "
          "and waiting for a free machine take a minute and more.");
ABSL_FLAG(std::string, content_gap_timeout, "60s",
          "Duration between two pieces of content of a stream. Comments do not count, so a server "
          "that only sends keep-alives is noticed.");
ABSL_FLAG(std::string, idle_timeout, "60s",
          "Duration without a single byte from the upstream, comments included, after which the "
          "stream is given up. It begins with the first content.");
ABSL_FLAG(
    std::string, heartbeat, "0s",
    "Duration of silence of a stream after which the caller gets a message that says nothing "
    "(an empty delta of choice 0), so that no proxy between takes the call for dead. 0s: none. "
    "A caller sets its own by the metadata sparkgate-heartbeat.");
ABSL_FLAG(std::string, end_grace, "3s",
          "Duration for which a stream whose choices are all finished may go on without an end "
          "mark: usage comes within it, and some servers send none. Then the call ends well.");
ABSL_FLAG(std::string, max_call_time, "10m",
          "Duration after which any call ends, whatever the caller's deadline: callers without one "
          "must not hold a connection for ever.");
ABSL_FLAG(std::string, reader_stall_timeout, "30s",
          "Duration for which a caller may leave a full outbox unread before the call ends with "
          "SLOW_READER. The upstream waits meanwhile, and generates at our cost.");
ABSL_FLAG(std::string, outbox_bytes, "256KiB",
          "Bytes (KiB, MiB) of messages that wait for one slow caller before the upstream is "
          "paused. About a whole answer, so that short stops cost nothing.");
ABSL_FLAG(
    std::string, max_event_bytes, "16MiB",
    "Largest event of a stream, bytes or KiB or MiB. Chunks have a few hundred bytes; a picture in "
    "one, or the whole arguments of a tool call, has megabytes.");
ABSL_FLAG(std::string, max_chat_body_bytes, "64MiB",
          "Largest upstream body of a Chat call, bytes or KiB or MiB. It is held in memory whole; "
          "n and logprobs make answers of some MiB.");
ABSL_FLAG(std::string, max_request_elements, "65536",
          "Most elements of one request: messages, content parts, tools, strings and map entries "
          "together. An empty one is two bytes on the wire and some hundred in memory; a "
          "conversation of 1,000 messages has some 3,000.");

// The process.
ABSL_FLAG(std::string, drain_delay, "2s",
          "Duration after SIGTERM in which calls are still accepted while health says NOT_SERVING, "
          "so that load balancers look away first.");
ABSL_FLAG(std::string, drain_grace, "25s",
          "Duration after the delay in which running streams may finish. With the delay and a rest "
          "it stays within the 30 s that Kubernetes gives by default.");
ABSL_FLAG(std::string, log_level, "info",
          "Least level of log lines: debug, info, warning or error. One line per call is info.");
ABSL_FLAG(bool, allow_core, false,
          "Allow core dumps and debuggers. Off, because a dump holds the key and prompts.");

// What is no setting.
ABSL_FLAG(std::string, config, "",
          "File with settings, YAML or JSON; its keys are the names of these flags. Flags win over "
          "it.");
ABSL_FLAG(bool, check_config, false,
          "Check everything, print what holds and where it was said, without secrets, and exit.");

namespace sparkgate::config {

Settings DefaultSettings() {
  Settings settings;
  for (const std::string& name : SettingNames()) {
    const std::string text = absl::FindCommandLineFlag(name)->DefaultValue();
    if (!SetFromText(name, text, &settings.values).ok()) std::abort();  // a test reads them all
  }
  return settings;
}

absl::StatusOr<Settings> FlagSettings() {
  Settings settings;
  std::vector<std::string> problems;
  for (const std::string& name : SettingNames()) {
    if (!absl::flags_internal::WasPresentOnCommandLine(name)) continue;
    settings.origins[name] = "--" + name;
    const std::string text = absl::FindCommandLineFlag(name)->CurrentValue();
    const absl::Status status = SetFromText(name, text, &settings.values);
    if (!status.ok()) problems.push_back(absl::StrCat("--", name, ": ", status.message()));
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return settings;
}

std::string ConfigFileFlag() { return absl::GetFlag(FLAGS_config); }
bool CheckConfigFlag() { return absl::GetFlag(FLAGS_check_config); }

}  // namespace sparkgate::config
