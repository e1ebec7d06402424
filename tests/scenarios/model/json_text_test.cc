#include "scenarios/model/json_text.h"

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

const json::value example = {{"a", 12.3},
                             {"rows", {{0.5, 1}, {true, -2}}},
                             {"t", {"x\n", nullptr}},
                             {"none", json::array{}}};

TEST(IndentedJson, HasAnEntryALineAndARowOnOne) {
  EXPECT_EQ(indented_json(example),
            "{\n"
            "  \"a\": 12.3,\n"
            "  \"rows\": [\n"
            "    [0.5, 1],\n"
            "    [true, -2]\n"
            "  ],\n"
            "  \"t\": [\n"
            "    \"x\\n\",\n"
            "    null\n"
            "  ],\n"
            "  \"none\": []\n"
            "}");
}

TEST(CompactJson, HasNoSpacesAndShortNumbers) {
  EXPECT_EQ(compact_json(example),
            R"({"a":12.3,"rows":[[0.5,1],[true,-2]],"t":["x\n",null],"none":[]})");
}

TEST(CompactJson, KeysAreTextsToo) {
  EXPECT_EQ(compact_json(json::object{{"\"{\n", json::object{{"{", 1}}}}),
            "{\"\\\"{\\n\":{\"{\":1}}");
}

TEST(IndentedJson, AndCompactJsonAreReadBack) {
  EXPECT_EQ(json::parse(indented_json(example)), example);
  EXPECT_EQ(json::parse(compact_json(example)), example);
}

}  // namespace
}  // namespace mread::scenarios
