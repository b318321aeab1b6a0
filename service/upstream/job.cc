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

void JobHandle::Linger(bool dirty) {
  if (job_ != nullptr) job_->pool->Linger(job_, dirty);
}

}  // namespace sparkgate::upstream
