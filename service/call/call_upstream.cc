// What a call makes of its upstream's head, body and end; the rest of Call is in call.cc.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "service/call/call.h"
#include "service/call/local_statuses.h"
#include "service/translate/upstream_error.h"

namespace sparkgate::call {

using content_coding::ContentDecoder;

namespace {

// So much of an error's body is read, and so long: enough for any error object, and no way to hold
// us.
constexpr size_t kErrorBodyBytes = 64 * 1024;
constexpr std::chrono::seconds kErrorBodyTime{5};

constexpr size_t kMaxCodingName = 32;

// All of a field, which a server may send in several lines.
std::string FindAll(const HeaderList& headers, std::string_view name) {
  std::string all;
  for (const auto& [key, value] : headers) {
    if (key == name) all += (all.empty() ? "" : ",") + value;
  }
  return all;
}

// Whether the body is an answer by its declaration, so that there is no need to see it first.
bool IsDeclaredAnswer(const HeaderList& headers) {
  const std::string* const type = FindHeader(headers, "content-type");
  return type != nullptr &&
         (type->rfind("text/event-stream", 0) == 0 || type->rfind("application/json", 0) == 0);
}

// Of those without a body, 204 and 205, no answer can come.
bool IsSuccess(int http_status) {
  return http_status >= 200 && http_status < 300 && http_status != 204 && http_status != 205;
}

// What stands before the first byte of JSON or of an event stream, and says nothing.
std::string_view WithoutSpace(std::string_view bytes) {
  const size_t begin = bytes.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : bytes.substr(begin);
}

}  // namespace

void Call::OnHead(upstream::Head head) {
  head_ = std::move(head);
  for (auto& [name, value] : head_.headers) limits_.secrets.RemoveFrom(&value);
  summary_.end.upstream_metadata = translate::PassedHeaders(head_.headers);
  decoder_ = content_coding::ContentDecoder(FindAll(head_.headers, "content-encoding"));
  if (!IsSuccess(head_.status)) {
    Enter(Phase::kErrorBody);
    if (head_.status < 200) return OnErrorBody();  // 101: what follows is no HTTP, and never ends
    const bool malformed = head_.status == 400 || head_.status == 422;
    if (malformed && request_.refused != nullptr) refused_request_ = transfer_->TakeRequest();
    deadlines_.Set(Deadline::kErrorBody, Now() + kErrorBodyTime);
    return SetTimer();
  }
  Enter(Phase::kUndecided);
  if (IsDeclaredAnswer(head_.headers)) SetMetadataDue();
  Changed();
}

void Call::OnBody(std::string_view bytes) {
  summary_.bytes_received += bytes.size();
  const auto result = decoder_.Decode(bytes, [this](std::string_view decoded) {
    OnDecodedBytes(decoded);
    return !ended();
  });
  if (ended()) return;
  if (result != ContentDecoder::Result::kOk) return OnUndecodable(result);
  SetTimer();
}

void Call::OnDecodedBytes(std::string_view bytes) {
  if (phase_ == Phase::kUndecided) {
    const std::string_view begin = WithoutSpace(bytes);
    if (begin.empty()) return;
    if (begin.front() == '<') {
      Enter(Phase::kErrorBody);
      deadlines_.Set(Deadline::kErrorBody, Now() + kErrorBodyTime);
    } else {
      Enter(Phase::kAnswer);
      SetMetadataDue();
    }
  }
  if (phase_ == Phase::kAnswer) {
    // Before the first content its own limit holds: a role is no reason to expect the rest.
    if (content_seen() && !complete()) deadlines_.Set(Deadline::kIdle, Now() + limits_.idle);
    return OnAnswerBytes(bytes);
  }
  error_body_.append(bytes.substr(0, kErrorBodyBytes - error_body_.size()));
  if (error_body_.size() == kErrorBodyBytes) OnErrorBody();
}

void Call::OnUndecodable(ContentDecoder::Result result) {
  if (refused()) return OnErrorBody();
  const std::string coding = SafeText(decoder_.coding(), kMaxCodingName);
  End(ProtocolError(result == ContentDecoder::Result::kUnsupported
                        ? "answered in the content coding " + coding + ", which nobody asked for"
                        : "sent " + coding + " that is broken",
                    request_.endpoint));
}

void Call::OnEnd(const upstream::TransferEnd& end) {
  summary_.end.attempts = earlier_attempts_ + end.attempts;
  summary_.detail = end.detail;
  limits_.secrets.RemoveFrom(&summary_.detail);
  transfer_.reset();
  if (phase_ == Phase::kUndecided || phase_ == Phase::kAnswer) {
    const bool clean = end.how == How::kComplete || end.how == How::kClosed;
    return OnAnswerEnd(clean && !decoder_.complete() ? How::kCut : end.how);
  }
  if (phase_ == Phase::kErrorBody) return OnErrorBody();
  if (end.proxy_status >= 300) return End(ProxyRefused(end.proxy_status, limits_.proxy_has_auth));
  End(TransferFailed(end.how, request_.endpoint));
}

bool Call::refused() const { return phase_ == Phase::kErrorBody && !IsSuccess(head_.status); }

void Call::OnErrorBody() {
  if (refused()) {
    const translate::OwnField field = translate::RefusedOwnField(head_.status, error_body_);
    if (!AskAgainWithout(field)) End(RefusalStatus(field));
    return;
  }
  CallStatus status = translate::ErrorAfterOk(error_body_);
  End(status.ok() ? ProtocolError("answered with a page", request_.endpoint) : std::move(status));
}

// `field`: of ours, that the upstream seems to have refused.
CallStatus Call::RefusalStatus(translate::OwnField field) {
  if (head_.status == 407 && limits_.proxy_forwards) {
    return ProxyRefused(head_.status, limits_.proxy_has_auth);
  }
  CallStatus status = translate::HttpErrorStatus(head_.status, head_.headers, error_body_);
  translate::ExplainOwnField(field, &status);
  const bool redirect = head_.status >= 300 && head_.status < 400;
  if (redirect) summary_.detail = "redirect to " + translate::RedirectTarget(head_.headers);
  return status;
}

// The caller did not ask for the field, and the refusal has run nothing: once more, without it.
bool Call::AskAgainWithout(translate::OwnField field) {
  if (!refused_request_ || earlier_attempts_ > 0) return false;
  upstream::Request request = *std::exchange(refused_request_, {});
  if (!translate::RemoveOwnField(field, &request.body)) return false;
  request_.refused->Add(field);
  earlier_attempts_ = summary_.end.attempts;
  summary_.end.attempts = earlier_attempts_ + 1;
  head_ = upstream::Head();
  error_body_.clear();
  Enter(Phase::kAwaitingHead);
  transfer_ = loop_->StartTransfer(std::move(request), this);
  SetTimer();
  return true;
}

}  // namespace sparkgate::call
