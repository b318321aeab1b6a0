#include "tests/soak/load.h"

#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "sparkgate/v1/error_reason.pb.h"
#include "sparkgate/v1/request.pb.h"
#include "tests/support/gate.h"
#include "tests/support/secrets.h"

namespace sparkgate::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Long enough for the slowest play under a sanitizer; beyond it a call hangs.
constexpr std::chrono::seconds kLongest{60};
constexpr size_t kMostWrongTold = 10;
constexpr int kLatestCancelUs = 20'000;
constexpr milliseconds kSlowPause{2};
constexpr milliseconds kLookAgain{20};
constexpr milliseconds kShortDeadline{300};

const char* const kCodeNames[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// The reason that the serialised details hold: the longest name, since one is part of another.
std::string ReasonIn(const std::string& details) {
  constexpr size_t kPrefix = sizeof("ERROR_REASON_") - 1;
  std::string reason;
  const auto* const names = v1::ErrorReason_descriptor();
  for (int i = 0; i < names->value_count(); ++i) {
    const std::string name = names->value(i)->name().substr(kPrefix);
    if (name.size() > reason.size() && details.find(name) != std::string::npos) reason = name;
  }
  return reason;
}

std::string EndingOf(const grpc::Status& status) {
  std::string ending = kCodeNames[status.error_code()];
  if (status.ok()) return ending;
  const std::string reason = ReasonIn(status.error_details());
  return reason.empty() ? ending : ending + " " + reason;
}

grpc::ByteBuffer RequestOf(const std::string& name) {
  v1::ChatRequest request;
  request.set_model("m");
  request.set_user(name);
  auto* const message = request.add_messages();
  message->set_role("user");
  message->set_content(support::kCanary + std::string(500, 'p'));
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

class Call;

struct Tag {
  Call* call;
  void (Call::*handler)(bool ok);
};

// One call. Its tags point into it; it may be deleted once finished() says so.
class Call {
 public:
  Call(const Play& play, std::string name, int cancel_after_us, Upstream* upstream)
      : play_(play),
        name_(std::move(name)),
        cancel_after_us_(cancel_after_us),
        upstream_(upstream) {}

  void Start(grpc::GenericStub* stub, grpc::CompletionQueue* queue) {
    queue_ = queue;
    context_.set_initial_metadata_corked(true);
    context_.set_deadline(std::chrono::system_clock::now() + kLongest);
    if (play_.act == Act::kShortDeadline) {
      context_.set_deadline(std::chrono::system_clock::now() + kShortDeadline);
    }
    stream_ = stub->PrepareCall(
        &context_,
        play_.stream ? "/sparkgate.v1.ChatService/StreamChat" : "/sparkgate.v1.ChatService/Chat",
        queue);
    stream_->StartCall(nullptr);
    ++outstanding_;
    stream_->WriteLast(RequestOf(name_), grpc::WriteOptions(), &written_);
    if (play_.act == Act::kCancel || play_.act == Act::kCancelUnread) {
      SetAlarm(std::chrono::microseconds(cancel_after_us_));
    }
    Read();
  }

  bool finished() const { return finished_ && outstanding_ == 0; }
  const Play& play() const { return play_; }
  std::string ending() const { return EndingOf(status_); }

  // What is wrong with how it ended; "" if nothing is.
  std::string Complaint() const {
    const std::string how = name_ + ": " + ending() + " \"" + status_.error_message() + "\"";
    const auto& allowed = play_.endings;
    if (std::find(allowed.begin(), allowed.end(), ending()) == allowed.end()) return how;
    if (play_.answered && !answered_) return how + ", and not with its own answer";
    const std::string told = status_.error_message() + status_.error_details();
    if (told.find(support::kCanary) != std::string::npos) return name_ + ": repeats the prompt";
    return "";
  }

 private:
  void Read() {
    ++outstanding_;
    stream_->Read(&message_, &read_);
  }

  void SetAlarm(std::chrono::microseconds after) {
    ++outstanding_;
    alarm_set_ = true;
    alarm_.Set(queue_, std::chrono::system_clock::now() + after, &alarmed_);
  }

  void OnWritten(bool) { --outstanding_; }

  void OnRead(bool ok) {
    --outstanding_;
    if (!ok) {
      ++outstanding_;
      stream_->Finish(&status_, &ended_);
      return;
    }
    LookAt(BytesOf(message_));
    message_.Clear();
    const bool first = !std::exchange(begun_, true);
    if (play_.act == Act::kReadSlowly) return SetAlarm(kSlowPause);
    if (play_.act == Act::kStopReading && first) return SetAlarm(kLookAgain);
    if (play_.act == Act::kCancelUnread && first && !cancelled_) {
      stopped_ = true;
      return;
    }
    if (play_.act == Act::kResetAfterFirst && first) upstream_->Reset(name_);
    Read();
  }

  // The text may have been split between two messages.
  void LookAt(const std::string& bytes) {
    if (!play_.answered || answered_) return;
    answered_ = bytes.find(AnswerText(name_)) != std::string::npos;
  }

  void OnAlarm(bool) {
    --outstanding_;
    alarm_set_ = false;
    if (play_.act == Act::kCancel || play_.act == Act::kCancelUnread) {
      cancelled_ = true;
      context_.TryCancel();
      if (std::exchange(stopped_, false)) Read();
      return;
    }
    // Goes on as soon as the server has let the upstream go.
    if (play_.act == Act::kStopReading && upstream_->Has(name_)) return SetAlarm(kLookAgain);
    Read();
  }

  void OnEnded(bool) {
    --outstanding_;
    finished_ = true;
    if (alarm_set_) alarm_.Cancel();
  }

  const Play& play_;
  const std::string name_;
  const int cancel_after_us_;
  Upstream* const upstream_;
  grpc::CompletionQueue* queue_ = nullptr;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer message_;
  grpc::Status status_;
  grpc::Alarm alarm_;
  Tag written_{this, &Call::OnWritten};
  Tag read_{this, &Call::OnRead};
  Tag alarmed_{this, &Call::OnAlarm};
  Tag ended_{this, &Call::OnEnded};
  int outstanding_ = 0;
  bool alarm_set_ = false;
  bool begun_ = false;    // a message has come
  bool stopped_ = false;  // does not read until it is cancelled
  bool cancelled_ = false;
  bool answered_ = false;
  bool finished_ = false;
};

}  // namespace

class Load::Impl {
 public:
  Impl(const std::string& target, int channels, int at_once, Upstream* upstream)
      : at_once_(at_once), upstream_(upstream) {
    for (int i = 0; i < channels; ++i) {
      grpc::ChannelArguments arguments;
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // windows stay small
      stubs_.emplace_back(
          grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
    }
  }

  ~Impl() {
    queue_.Shutdown();
    void* tag;
    bool ok;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  RoundResult RunRound(int calls, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<const Play*> order = Shares(calls);
    std::shuffle(order.begin(), order.end(), random);
    RoundResult result;
    const auto begun = steady_clock::now();
    size_t next = 0;
    while (next < order.size() && running_ < at_once_) StartNext(order, &next, &random);
    while (running_ > 0) {
      if (Advance(&result) && next < order.size()) StartNext(order, &next, &random);
    }
    result.seconds = std::chrono::duration<double>(steady_clock::now() - begun).count();
    return result;
  }

  RoundResult RunHeld(int calls) {
    RoundResult result;
    std::mt19937 random(0);
    const std::vector<const Play*> order(static_cast<size_t>(calls), &HeldPlay());
    for (size_t next = 0; next < order.size();) StartNext(order, &next, &random);
    const auto until = steady_clock::now() + support::kPatience;
    bool released = false;
    while (running_ > 0) {
      // One that was refused is over, and the others need not wait for it.
      const bool all = upstream_->held() + result.calls >= calls;
      if (!released && (all || steady_clock::now() > until)) {
        released = true;
        upstream_->ReleaseHeld();
      }
      Advance(&result, milliseconds(released ? 1000 : 2));
    }
    return result;
  }

 private:
  // The first play takes what is left over by rounding.
  static std::vector<const Play*> Shares(int calls) {
    std::vector<const Play*> order;
    for (const Play& play : Plays()) {
      order.insert(order.end(), static_cast<size_t>(calls * play.per_mille / 1000), &play);
    }
    order.resize(static_cast<size_t>(calls), &Plays().front());
    return order;
  }

  void StartNext(const std::vector<const Play*>& order, size_t* next, std::mt19937* random) {
    const Play& play = *order[(*next)++];
    const int after = std::uniform_int_distribution<int>(0, kLatestCancelUs)(*random);
    auto* const call =
        new Call(play, play.name + "/" + std::to_string(++number_), after, upstream_);
    ++running_;
    call->Start(&stubs_[number_ % stubs_.size()], &queue_);
  }

  // One tag. True if a call ended by it.
  bool Advance(RoundResult* result, milliseconds patience = kLongest) {
    void* tag = nullptr;
    bool ok = false;
    const auto until = std::chrono::system_clock::now() + patience;
    if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return false;
    auto* const event = static_cast<Tag*>(tag);
    Call* const call = event->call;
    (call->*event->handler)(ok);
    if (!call->finished()) return false;
    Record(*call, result);
    delete call;
    --running_;
    return true;
  }

  static void Record(const Call& call, RoundResult* result) {
    ++result->calls;
    ++result->endings[call.play().name][call.ending()];
    const std::string complaint = call.Complaint();
    if (complaint.empty()) return;
    ++result->wrong_calls;
    if (result->wrong.size() < kMostWrongTold) result->wrong.push_back(complaint);
  }

  const int at_once_;
  Upstream* const upstream_;
  std::vector<grpc::GenericStub> stubs_;
  grpc::CompletionQueue queue_;
  size_t number_ = 0;
  int running_ = 0;
};

Load::Load(const std::string& target, int channels, int at_once, Upstream* upstream)
    : impl_(std::make_unique<Impl>(target, channels, at_once, upstream)) {}
Load::~Load() = default;

RoundResult Load::RunRound(int calls, uint32_t seed) { return impl_->RunRound(calls, seed); }
RoundResult Load::RunHeld(int calls) { return impl_->RunHeld(calls); }

}  // namespace sparkgate::soak
