#include "mockstore/faults/unsorted.h"

namespace mread::mockstore::faults {
namespace {

class Unsorted final : public Fault {
 public:
  explicit Unsorted(AnswerShape::Order order) : order_(order) {}
  std::string_view name() const override { return "unsorted"; }
  void shape(AnswerShape& shape, Draw& draw) const override {
    shape.order = order_;
    shape.shuffle_seed = draw.next();
  }

 private:
  AnswerShape::Order order_;
};

}  // namespace

std::shared_ptr<const Fault> parse_unsorted(const yaml::Node& settings) {
  const bool shuffled =
      !settings.is_null() && settings.one_of({"reversed", "shuffled"}) == "shuffled";
  return std::make_shared<Unsorted>(shuffled ? AnswerShape::Order::shuffled
                                             : AnswerShape::Order::reversed);
}

}  // namespace mread::mockstore::faults
