#include "merger/answer/make_answer_writer.h"

#include <utility>

#include "merger/answer/samples_writer.h"
#include "merger/answer/streamed_writer.h"

namespace mread::merger {

std::unique_ptr<AnswerWriter> make_answer_writer(model::ResponseType type, const Policy& policy,
                                                 AccountPtr account, ClientClass client) {
  if (type == model::ResponseType::streamed_xor_chunks) {
    return std::make_unique<StreamedWriter>(policy, std::move(account), client);
  }
  return std::make_unique<SamplesWriter>(policy, std::move(account), client);
}

}  // namespace mread::merger
