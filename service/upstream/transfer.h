#ifndef SPARKGATE_SERVICE_UPSTREAM_TRANSFER_H_
#define SPARKGATE_SERVICE_UPSTREAM_TRANSFER_H_

#include <string>
#include <string_view>

#include "base/header_list.h"

namespace sparkgate::upstream {

// One request to the upstream.
struct Request {
  std::string method = "POST";
  std::string path;  // below the configured URL's own path, beginning with "/": "/chat/completions"
  HeaderList headers;  // of this call; the client adds authorization, content type and its own
  // Freed when the response's head is there. Without one a lost request may be sent again unasked:
  // only for reads.
  std::string body;
  bool event_stream = false;  // the Accept header asks for text/event-stream, else application/json
};

// The head of the final response (1xx are left out, except 101).
struct Head {
  int status = 0;
  HeaderList headers;
};

// How a transfer ended. Said once, after everything else.
struct TransferEnd {
  enum class How {
    kComplete,            // by the framing's own end: last chunk, Content-Length
    kClosed,              // a body without framing, and a clean close: whole or cut, nobody knows
    kNotConnected,        // no name, no connection, connect time over: certainly not seen
    kCertificateRefused,  // the upstream's certificate: certainly not seen
    kNotSeen,             // written, but provably never received; sending again was not possible
    kLost,      // lost after the request left, before any response byte: may have been seen
    kCut,       // lost after a response byte
    kProtocol,  // what came is not HTTP as we take it: bad chunk, headers over the limit, …
  };
  How how = How::kComplete;
  int attempts = 1;      // requests begun on a connection, this one included
  std::string detail;    // for the log alone: may name hosts and addresses
  int proxy_status = 0;  // what a proxy answered to CONNECT; 0: nothing, or there is none
};

// Receives one response. All calls come on the loop's thread, never from inside a call to Transfer,
// in the order OnHead, OnBody…, OnEnd; none after the Transfer was destroyed or told to linger.
// The sink may destroy the Transfer in any of them.
class TransferSink {
 public:
  virtual ~TransferSink() = default;
  virtual void OnHead(Head head) = 0;
  // `bytes` is valid during the call. At most 16 KiB a call.
  virtual void OnBody(std::string_view bytes) = 0;
  virtual void OnEnd(const TransferEnd& end) = 0;
};

// A running request. Owned by its call; loop thread only. Destroying it closes the connection with
// a reset at once, wherever the transfer is (unless OnEnd came or Linger was called).
class Transfer {
 public:
  virtual ~Transfer() = default;

  // No further OnBody and no OnEnd until Resume; the upstream is made to wait. May be called from a
  // sink's OnBody. What a peer does meanwhile is noticed after Resume.
  virtual void Pause() = 0;
  // Takes effect later in this turn or in the next one, never inside the call.
  virtual void Resume() = 0;

  // The answer is complete in its own terms (`[DONE]`): no further calls to the sink. The
  // connection is kept if the framing's end follows within 250 ms and 1 KiB, else closed. The
  // object may be destroyed right after. `dirty`: something followed the end mark that must not be
  // there; close instead of keeping.
  virtual void Linger(bool dirty) = 0;

  // In OnHead of a refusal (400 or 422), for asking once more in another way: the request, if all
  // of it was sent, else one without a body. The transfer goes on without it.
  virtual Request TakeRequest() = 0;

  // False as long as nothing of the request has been written: it waits for its connection.
  virtual bool MayHaveBeenSeen() const = 0;
};

}  // namespace sparkgate::upstream

#endif  // SPARKGATE_SERVICE_UPSTREAM_TRANSFER_H_
