// The table of all settings: see settings.h.
#include "service/config/settings.h"

namespace sparkgate::config {
namespace {

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kKiB = 1 << 10;
constexpr int64_t kMiB = 1 << 20;
constexpr Range kAny{0, 0};  // of what is no number

}  // namespace

const std::vector<Setting>& AllSettings() {
  static const auto* const all = new std::vector<Setting>{
      // The server.
      {"listen", &Config::listen, "127.0.0.1:50051", kAny,
       "HOST:PORT to listen on; port 0 takes any free one and the ready line says which. The "
       "default is this machine alone, because there is no TLS and no caller is checked unless you "
       "say so; in a container use [::]:50051, which is all addresses, of IPv6 and of IPv4."},
      {"tls_cert_file", &Config::tls_cert_file, "", kAny,
       "PEM file with the server's certificate chain. Together with --tls_key_file, or neither for "
       "plain text: the default, because TLS usually ends in a mesh or proxy in front. Both are "
       "read again when they have changed, at a connection and at most once a second; until they "
       "match, the old pair stays in use."},
      {"tls_key_file", &Config::tls_key_file, "", kAny,
       "PEM file with the private key of --tls_cert_file. Read again as that is."},
      {"reflection", &Config::reflection, "true", kAny,
       "Answer gRPC reflection, so that grpcurl works without .proto files. The API is public; "
       "nothing secret is told."},
      {"debug_service", &Config::debug_service, "false", kAny,
       "Offer sparkgate.v1.DebugService, which shows the upstream request of a call. Off, because "
       "it is of use only while something is being looked into."},
      {"loops",
       &Config::loops,
       "0",
       {0, 64},
       "Number of event loops, 1 to 64. 0: the cores that the process may use (affinity and cgroup "
       "quota), at most 8, because more gain nothing."},
      {"max_calls",
       &Config::max_calls,
       "0",
       {0, 1'000'000},
       "Most calls at once; what is over it is refused at once with RESOURCE_EXHAUSTED. 0: what "
       "the descriptors hold, because a call costs one, its upstream connection."},
      {"max_connections",
       &Config::max_connections,
       "0",
       {0, 1'000'000},
       "Most connections of callers at once. 0: a quarter of the descriptors; max_connections + "
       "max_calls + 128 must not exceed ulimit -n."},
      {"max_receive_bytes",
       &Config::max_receive_bytes,
       "32MiB",
       {kKiB, 1024 * kMiB},
       "Largest request, bytes or KiB or MiB. Images travel inside requests, hence far over gRPC's "
       "own 4 MiB; gRPC holds the whole request in memory, hence not more."},
      {"max_connection_age",
       &Config::max_connection_age,
       "0s",
       {0, 7 * 24 * kHour},
       "Duration after which a caller's connection is asked to go (GOAWAY, 10 % sooner or later), "
       "so that new servers get their share. Its calls go on, up to max_call_time. 0s: never; 5m "
       "suits a deployment that scales."},
      {"request_timeout",
       &Config::request_timeout,
       "30s",
       {1, kHour},
       "Duration for which a caller may take to send its request message, from its headers on. A "
       "request that is never complete would hold its memory for ever."},
      // The upstream.
      {"upstream_url", &Config::upstream_url, "https://api.fireworks.ai/inference/v1", kAny,
       "URL of the upstream with its path prefix; /chat/completions is added. Any "
       "OpenAI-compatible one works."},
      {"api_key_file", &Config::api_key_file, "", kAny,
       "File with the upstream's API key and nothing else. Wins over FIREWORKS_API_KEY of the "
       "environment. There is no flag for the key itself, because every user of a machine sees "
       "command lines. Read at the start only."},
      {"no_api_key", &Config::no_api_key, "false", kAny,
       "Send no key, for upstreams that want none. Without it and without a key Sparkgate does not "
       "start: every call would fail."},
      {"ca_file", &Config::ca_file, "", kAny,
       "PEM file with the authorities that the upstream's certificate is checked against, and no "
       "others. Empty: the system's. Read for each new upstream connection."},
      {"upstream_proxy", &Config::upstream_proxy, "", kAny,
       "URL of an HTTP proxy to the upstream, http(s)://host:port. Empty: none; the environment's "
       "http_proxy is ignored, because prompts should not take a way that nobody configured."},
      {"upstream_proxy_auth_file", &Config::upstream_proxy_auth_file, "", kAny,
       "File with user:password for --upstream_proxy (Basic) and nothing else. There is no flag "
       "for them, because every user of a machine sees command lines, and they may not stand in "
       "the proxy's URL."},
      {"upstream_auth_header", &Config::upstream_auth_header, "authorization", kAny,
       "Name of the header that takes the API key: as a bearer token in authorization, as it is in "
       "any other, such as api-key."},
      {"upstream_header_file", &Config::upstream_header_file, "", kAny,
       "File with headers for every upstream request, one 'Name: value' per line; blank lines and "
       "those that begin with # are skipped. At most 32, 16 KiB together. The values are secrets; "
       "callers cannot change them. Names that HTTP or Sparkgate sets are refused, as is the one "
       "that takes the API key."},
      {"dns_refresh",
       &Config::dns_refresh,
       "30s",
       {kSecond, kHour},
       "Duration between two look-ups of the upstream's addresses. Old ones are used while a "
       "look-up fails; 30 s follows a moved upstream soon enough and asks little."},
      {"include_usage", &Config::include_usage, "true", kAny,
       "Ask the upstream for token counts in streams (stream_options.include_usage). Off for "
       "upstreams that refuse the field."},
      {"header_allow_list", &Config::header_allow_list,
       "x-session-affinity,x-multi-turn-session-id,x-prompt-cache-isolation-key,fireworks-model,"
       "fireworks-deployment",
       kAny,
       "Comma-separated names of request metadata that are passed upstream as headers. The default "
       "are the headers by which Fireworks routes; all else stays here."},
      {"echo_extra", &Config::echo_extra, "true", kAny,
       "Send the members of extra_json that an assistant's message came with upstream again: some "
       "models need them, such as signatures of their reasoning. Off for upstreams that refuse in "
       "requests what they add to answers."},
      {"reasoning_field", &Config::reasoning_field, "reasoning_content", kAny,
       "Name under which a message's reasoning_content is sent upstream: reasoning_content or "
       "reasoning. In answers both are understood."},
      // One call.
      {"connect_timeout",
       &Config::connect_timeout,
       "5s",
       {1, 5 * kMinute},
       "Duration for DNS, TCP and TLS of one upstream connection. A connection that takes longer "
       "rarely comes; such a call was not seen and may be sent again."},
      {"first_content_timeout",
       &Config::first_content_timeout,
       "120s",
       {1, 24 * kHour},
       "Duration from the request to the first content of a stream. Long, because long prompts and "
       "waiting for a free machine take a minute and more."},
      {"content_gap_timeout",
       &Config::content_gap_timeout,
       "60s",
       {1, 24 * kHour},
       "Duration between two pieces of content of a stream. Comments do not count, so a server "
       "that only sends keep-alives is noticed."},
      {"idle_timeout",
       &Config::idle_timeout,
       "60s",
       {1, 24 * kHour},
       "Duration without a single byte from the upstream, comments included, after which the "
       "stream is given up. It begins with the first content."},
      {"end_grace",
       &Config::end_grace,
       "3s",
       {1, kHour},
       "Duration for which a stream whose choices are all finished may go on without an end mark: "
       "usage comes within it, and some servers send none. Then the call ends well."},
      {"heartbeat",
       &Config::heartbeat,
       "0s",
       {0, kHour},
       "Duration of silence of a stream after which the caller gets a message that says nothing "
       "(an empty delta of choice 0), so that no proxy between takes the call for dead. 0s: none. "
       "A caller sets its own by the metadata sparkgate-heartbeat."},
      {"max_call_time",
       &Config::max_call_time,
       "10m",
       {1, 24 * kHour},
       "Duration after which any call ends, whatever the caller's deadline: callers without one "
       "must not hold a connection for ever."},
      {"reader_stall_timeout",
       &Config::reader_stall_timeout,
       "30s",
       {1, 24 * kHour},
       "Duration for which a caller may leave a full outbox unread before the call ends with "
       "SLOW_READER. The upstream waits meanwhile, and generates at our cost."},
      {"outbox_bytes",
       &Config::outbox_bytes,
       "256KiB",
       {kKiB, 64 * kMiB},
       "Bytes (KiB, MiB) of messages that wait for one slow caller before the upstream is paused. "
       "About a whole answer, so that short stops cost nothing."},
      {"max_event_bytes",
       &Config::max_event_bytes,
       "16MiB",
       {kKiB, 64 * kMiB},
       "Largest event of a stream, bytes or KiB or MiB. Chunks have a few hundred bytes; a picture "
       "in one, or the whole arguments of a tool call, has megabytes."},
      {"max_chat_body_bytes",
       &Config::max_chat_body_bytes,
       "64MiB",
       {kKiB, 1024 * kMiB},
       "Largest upstream body of a Chat call, bytes or KiB or MiB. It is held in memory whole; n "
       "and logprobs make answers of some MiB."},
      {"max_request_elements",
       &Config::max_request_elements,
       "65536",
       {1, 10'000'000},
       "Most elements of one request: messages, content parts, tools, strings and map entries "
       "together. An empty one is two bytes on the wire and some hundred in memory; a conversation "
       "of 1,000 messages has some 3,000."},
      // The process.
      {"drain_delay",
       &Config::drain_delay,
       "2s",
       {0, 10 * kMinute},
       "Duration after SIGTERM in which calls are still accepted while health says NOT_SERVING, so "
       "that load balancers look away first."},
      {"drain_grace",
       &Config::drain_grace,
       "25s",
       {0, 24 * kHour},
       "Duration after the delay in which running streams may finish. With the delay and a rest it "
       "stays within the 30 s that Kubernetes gives by default."},
      {"log_level", &Config::log_level, "info", kAny,
       "Least level of log lines: debug, info, warning or error. One line per call is info."},
      {"allow_core", &Config::allow_core, "false", kAny,
       "Allow core dumps and debuggers. Off, because a dump holds the key and prompts."},
  };
  return *all;
}

}  // namespace sparkgate::config
