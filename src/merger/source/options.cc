#include "merger/source/options.h"

#include "wire/labels/labels_view.h"

namespace mread::merger {

bool ResumePoint::skips(std::string_view series_labels) const {
  const auto order = wire::compare_labels(series_labels, labels);
  return order < 0 || (order == 0 && !inclusive);
}

}  // namespace mread::merger
