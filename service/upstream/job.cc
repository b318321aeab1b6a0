#include "service/upstream/job.h"

#include "service/upstream/pool.h"

namespace sparkgate::upstream {

JobHandle::JobHandle(Job* job) : job_(job) {}

JobHandle::~JobHandle() {
  if (job_ != nullptr) job_->pool->Abandon(job_);
}

void JobHandle::Pause() {
  if (job_ != nullptr) job_->pool->Pause(job_);
}

void JobHandle::Resume() {
  if (job_ != nullptr) job_->pool->Resume(job_);
}

bool JobHandle::MayHaveBeenSeen() const { return job_ == nullptr || job_->facts.begun; }

Request JobHandle::TakeRequest() {
  if (job_ == nullptr) return Request();
  Request request;
  const bool sent = job_->body_sent >= job_->body_bytes;
  if (sent) std::swap(request.body, job_->request.body);
  request.method = job_->request.method;
  request.path = job_->request.path;
  request.headers = job_->request.headers;
  request.event_stream = job_->request.event_stream;
  return request;
}

void JobHandle::Linger(bool dirty) {
  if (job_ != nullptr) job_->pool->Linger(job_, dirty);
}

}  // namespace sparkgate::upstream
