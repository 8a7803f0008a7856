#include "base/working.h"

namespace fauxkey {
namespace {

std::atomic<WorkObserver*> observer_of_all{nullptr};

}  // namespace

Working::Working(const char* what) : what_{what} {
  if (auto* const observer = observer_of_all.load()) observer->begun(*this);
}

Working::~Working() {
  if (auto* const observer = observer_of_all.load()) observer->ended(*this);
}

void observe_work(WorkObserver* observer) { observer_of_all = observer; }

}  // namespace fauxkey
