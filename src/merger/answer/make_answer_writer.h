#pragma once

#include <memory>

#include "merger/answer/answer_writer.h"

namespace mread::merger {

/// A writer of answers of this type. `policy` outlives it. What it holds counts for `account`.
std::unique_ptr<AnswerWriter> make_answer_writer(model::ResponseType type, const Policy& policy,
                                                 AccountPtr account = AccountPtr(new Account()));

}  // namespace mread::merger
