#include "mockstore/faults/wrong_values.h"

#include "mockstore/faults/data_fault.h"

namespace mread::mockstore::faults {

std::shared_ptr<const Fault> parse_wrong_values(const yaml::Node& settings) {
  double factor = 1;
  double add = settings.is_null() ? 1 : 0;
  if (!settings.is_null()) {
    yaml::Mapping mapping = settings.mapping();
    if (const auto given = mapping.find("factor")) factor = given->number();
    if (const auto given = mapping.find("add")) add = given->number();
    mapping.finish();
    if (factor == 1 && add == 0) settings.error("say what is wrong: {factor: 1.01}, or {add: 1}");
  }
  return data_fault("wrong_values", [factor, add](DataChange& data) {
    data.factor *= factor;
    data.add = data.add * factor + add;
  });
}

}  // namespace mread::mockstore::faults
