#include "simulator/ledger.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace sparkgate::simulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostEntries = 1000;
constexpr size_t kMostBodyBytes = 8u << 20;
constexpr size_t kMostAborts = 4096;

// CLOCK_MONOTONIC, so that a test in another process of this machine can compare.
int64_t MonotonicUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool IsSecret(const std::string& name) {
  return name == "authorization" || name == "proxy-authorization" || name == "x-api-key" ||
         name == "cookie";
}

// Header bytes need not be UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* Word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFinished:
      return "finished";
    case Outcome::kAbortedFin:
      return "aborted: fin";
    case Outcome::kAbortedRst:
      return "aborted: rst";
    case Outcome::kUnheard:
      return "unheard";
    case Outcome::kCut:
      break;
  }
  return "cut";
}

// The index of the first of the newest `limit` of `size`.
size_t FirstShown(size_t size, size_t limit) { return size - std::min(limit, size); }

}  // namespace

uint64_t Ledger::Received(const HttpRequest& request, const std::string& request_id) {
  std::lock_guard<std::mutex> lock(mutex_);
  ++requests_;
  Entry entry{next_number_++, request_id, MonotonicUs(), request};
  for (auto& [name, value] : entry.request.fields) {
    if (IsSecret(name)) value = "present";
  }
  if (entry.request.body.size() > kMostBodyBytes) {
    entry.request.body.clear();
    entry.body_cut = true;
  }
  body_bytes_ += entry.request.body.size();
  entries_.push_back(std::move(entry));
  Trim();
  return entries_.back().number;
}

void Ledger::Trim() {
  while (entries_.size() > kMostEntries || body_bytes_ > kMostBodyBytes) {
    body_bytes_ -= entries_.front().request.body.size();
    entries_.pop_front();
  }
}

Ledger::Entry* Ledger::Find(uint64_t number) {
  if (entries_.empty() || number < entries_.front().number) return nullptr;
  const uint64_t index = number - entries_.front().number;
  return index < entries_.size() ? &entries_[index] : nullptr;
}

void Ledger::Answered(uint64_t number, int status) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (status >= 300) ++rejected_;
  if (Entry* entry = Find(number)) entry->outcome = "status " + std::to_string(status);
}

void Ledger::Started(uint64_t number, const std::string& model) {
  std::lock_guard<std::mutex> lock(mutex_);
  ++started_;
  ++open_;
  if (Entry* entry = Find(number)) entry->model = model;
}

void Ledger::Ended(uint64_t number, Outcome outcome, uint64_t bytes_sent) {
  std::lock_guard<std::mutex> lock(mutex_);
  --open_;
  const bool fin = outcome == Outcome::kAbortedFin, rst = outcome == Outcome::kAbortedRst;
  finished_ += outcome == Outcome::kFinished;
  cut_ += outcome == Outcome::kCut;
  unheard_ += outcome == Outcome::kUnheard;
  aborted_fin_ += fin;
  aborted_rst_ += rst;
  Entry* const entry = Find(number);
  if (entry != nullptr) entry->outcome = Word(outcome);
  if (!fin && !rst) return;
  aborts_.push_back({entry ? entry->request_id : "", entry ? entry->model : "", fin ? "fin" : "rst",
                     MonotonicUs(), bytes_sent});
  if (aborts_.size() > kMostAborts) aborts_.pop_front();
}

void Ledger::Reset() {
  std::lock_guard<std::mutex> lock(mutex_);
  entries_.clear();
  body_bytes_ = 0;
  aborts_.clear();
  requests_ = rejected_ = started_ = finished_ = cut_ = unheard_ = 0;
  aborted_fin_ = aborted_rst_ = 0;
  bytes_sent_ = bytes_unheard_ = 0;
  connections_total_ = 0;
}

std::string Ledger::StatusJson(size_t limit) const {
  std::lock_guard<std::mutex> lock(mutex_);
  Json aborts = Json::array();
  for (size_t i = FirstShown(aborts_.size(), limit); i < aborts_.size(); ++i) {
    const Abort& abort = aborts_[i];
    aborts.push_back({{"x_request_id", abort.request_id},
                      {"model", abort.model},
                      {"reason", abort.reason},
                      {"monotonic_us", abort.monotonic_us},
                      {"bytes_sent", abort.bytes_sent}});
  }
  Json requests = Json::array();
  for (size_t i = FirstShown(entries_.size(), limit); i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    Json headers = Json::object();
    for (const auto& [name, value] : entry.request.fields) headers[name] = value;
    requests.push_back({{"x_request_id", entry.request_id},
                        {"method", entry.request.method},
                        {"target", entry.request.target},
                        {"model", entry.model},
                        {"outcome", entry.outcome},
                        {"received_us", entry.received_us},
                        {"headers", std::move(headers)}});
  }
  return Dump({{"open", open_},
               {"started", started_},
               {"finished", finished_},
               {"aborted", aborted_fin_ + aborted_rst_},
               {"aborted_fin", aborted_fin_},
               {"aborted_rst", aborted_rst_},
               {"cut", cut_},
               {"unheard", unheard_},
               {"bytes_unheard", bytes_unheard_.load()},
               {"rejected", rejected_},
               {"requests", requests_},
               {"connections_open", connections_open_.load()},
               {"connections_total", connections_total_.load()},
               {"bytes_sent", bytes_sent_.load()},
               {"last_abort_reason", aborts_.empty() ? Json() : Json(aborts_.back().reason)},
               {"monotonic_us", MonotonicUs()},
               {"recent_aborts", std::move(aborts)},
               {"recent_requests", std::move(requests)}});
}

std::string Ledger::RequestsJson(size_t limit) const {
  std::lock_guard<std::mutex> lock(mutex_);
  Json requests = Json::array();
  for (size_t i = FirstShown(entries_.size(), limit); i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    requests.push_back({{"x_request_id", entry.request_id},
                        {"received_us", entry.received_us},
                        {"body", entry.request.body},
                        {"body_cut", entry.body_cut}});
  }
  return Dump({{"requests", std::move(requests)}});
}

}  // namespace sparkgate::simulator
