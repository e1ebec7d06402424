#include "scenarios/rules/alert_template.h"

#include <cmath>

#include <gtest/gtest.h>

namespace mread::scenarios {
namespace {

const std::map<std::string, std::string> external{{"dc", "eu"}};

std::string expand(const std::string& text, double value, const std::string& i = "a.b:9090") {
  model::LabelSet labels{{"__name__", "x"}, {"i", i}};
  const auto out = expand_template(text, {labels, value, external});
  return out ? *out : "unknown: " + out.error().context;
}

// What promtool 3.5.3 made of the same text.
constexpr const char* everything =
    "{{ $value }} {{ printf \"%v\" $value }} {{ printf \"%g\" $value }} {{ humanize $value }} "
    "{{ humanize1024 $value }} {{ humanizeDuration $value }} {{ humanizePercentage $value }} "
    "{{ printf \"%5.1f|%-6.2f|%+.1e|%.3g\" $value $value $value $value }}";

TEST(AlertTemplate, NumbersAreThoseOfPromtool) {
  struct Case {
    double value;
    const char* want;
  };
  for (const Case& one : {
           Case{123456789.123,
                "1.23456789123e+08 1.23456789123e+08 1.23456789123e+08 123.5M 117.7Mi "
                "1428d 21h 33m 9s 1.235e+10% 123456789.1|123456789.12|+1.2e+08|1.23e+08"},
           Case{1234567,
                "1.234567e+06 1.234567e+06 1.234567e+06 1.235M 1.177Mi 14d 6h 56m 7s "
                "1.235e+08% 1234567.0|1234567.00|+1.2e+06|1.23e+06"},
           Case{0.00001234,
                "1.234e-05 1.234e-05 1.234e-05 12.34u 1.234e-05 12.34us 0.001234% "
                "  0.0|0.00  |+1.2e-05|1.23e-05"},
           Case{0.25, "0.25 0.25 0.25 250m 0.25 250ms 25%   0.2|0.25  |+2.5e-01|0.25"},
           Case{3700.7,
                "3700.7 3700.7 3700.7 3.701k 3.614ki 1h 1m 40s 3.701e+05% "
                "3700.7|3700.70|+3.7e+03|3.7e+03"},
       }) {
    EXPECT_EQ(expand(everything, one.value), one.want);
  }
  EXPECT_EQ(expand("{{ $value }} {{ humanize $value }} {{ humanizeDuration $value }} "
                   "{{ humanizePercentage $value }} {{ printf \"%.1f\" $value }}",
                   INFINITY),
            "+Inf +Inf +Inf +Inf% +Inf");
  EXPECT_EQ(expand("{{ humanizeDuration $value }}", 0), "0s");
}

TEST(AlertTemplate, LabelsHaveBothOfTheirNames) {
  EXPECT_EQ(expand("{{ $labels.i }} {{ .Labels.i }}|{{ $labels.nope }}|{{ $externalLabels.dc }} "
                   "{{ .ExternalLabels.dc }} {{ .Value }}",
                   1),
            "a.b:9090 a.b:9090||eu eu 1");
}

TEST(AlertTemplate, TextsAreChangedAsByPromtool) {
  EXPECT_EQ(
      expand("{{ $labels.i | title }} {{ $labels.i | toUpper | toLower }}", 1, "a b-c d_e x2"),
      "A B-C D_e X2 a b-c d_e x2");
  EXPECT_EQ(expand("{{ $labels.i | stripPort }}", 1, "ab.c_d:9090"), "ab.c_d");
  EXPECT_EQ(expand("{{ stripPort $labels.i }}", 1, "[::1]:80"), "::1");
  EXPECT_EQ(expand(R"({{ reReplaceAll "(.)[.]" "${1}-" $labels.i }})", 1), "a-b:9090");
  EXPECT_EQ(expand(R"({{ printf "%s/%v 100%%" $labels.i (humanize $value) }})", 1500),
            "a.b:9090/1.5k 100%");
}

TEST(AlertTemplate, CommentsAndTrimmingLeaveNothing) {
  EXPECT_EQ(expand("a {{- $value -}} b {{/* why */}}c {{- /* x */ -}} d", 1), "a1b cd");
}

TEST(AlertTemplate, NamesTheActionThatIsNotKnown) {
  EXPECT_EQ(expand("x {{ if gt $value 1.0 }}big{{ end }}", 1), "unknown: {{ if gt $value 1.0 }}");
  for (const char* action :
       {"{{ query \"up\" }}", "{{ $value | nope }}", "{{ $labels }}", "{{ printf \"%d\" $value }}",
        "{{ printf \"%s\" }}", "{{ $value $value }}", "{{ humanize $labels.i }}",
        "{{ reReplaceAll \"(\" \"\" $labels.i }}", "{{ $value | }}", "{{ externalURL }}",
        "{{ title $labels.i }}"}) {
    EXPECT_EQ(expand(action, 1), std::string("unknown: ") + action);
  }
  EXPECT_EQ(expand("{{ $value", 1), "unknown: {{ without }}");
  EXPECT_EQ(expand("{{ humanizeDuration $value }}", 1e20),
            "unknown: {{ humanizeDuration $value }}");
}

}  // namespace
}  // namespace mread::scenarios
