#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "model/labels.h"

namespace mread::scenarios {

/// What a template of an alert sees.
struct TemplateData {
  const model::LabelSet& labels;  ///< of the sample, with the metric's name
  double value = 0;
  const std::map<std::string, std::string>& external_labels;
};

/// Expands a label or an annotation of an alert as Prometheus does.
///
/// Known are text, comments and trimming; `$labels.x`, `$value`, `$externalLabels.x`, also as
/// `.Labels.x`, `.Value`, `.ExternalLabels.x`; texts; pipelines and parentheses; and the functions humanize, humanize1024, humanizeDuration, humanizePercentage, toUpper, toLower, title,
/// printf, reReplaceAll, stripPort.
///
/// Errors: Errc::unsupported with the action that is not known (`{{ if … }}`, `{{ query … }}`), or
/// that fails. The text that Prometheus would make is then not known.
/// Source: template/template.go of Prometheus 3.5; text/template, fmt and strconv of Go.
Result<std::string> expand_template(const std::string& text, const TemplateData& data);

}  // namespace mread::scenarios
