#include "service/upstream/client.h"

#include <utility>

#include "service/upstream/pool.h"

namespace sparkgate::upstream {

class Client::Impl : public Pool {
 public:
  using Pool::Pool;
};

Client::Client(event_loop::Loop* loop, const ClientOptions& options, const Resolver* resolver)
    : impl_(std::make_unique<Impl>(loop, options, resolver)) {}

Client::~Client() = default;

std::unique_ptr<Transfer> Client::Start(Request request, TransferSink* sink) {
  return impl_->Start(std::move(request), sink);
}

Client::Counts Client::counts() const { return impl_->counts(); }

}  // namespace sparkgate::upstream
