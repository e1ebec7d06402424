#pragma once

#include <memory>

#include "merger/answer/answer_writer.h"

namespace mread::merger {

/// A writer of answers of this type. `policy` outlives it. What it holds counts for `account`.
/// What `client` refuses is left out.
std::unique_ptr<AnswerWriter> make_answer_writer(model::ResponseType type, const Policy& policy,
                                                 AccountPtr account = AccountPtr(new Account()),
                                                 ClientClass client = ClientClass::v3_5);

}  // namespace mread::merger
