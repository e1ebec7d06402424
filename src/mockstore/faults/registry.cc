#include "mockstore/faults/registry.h"

#include <array>

#include "mockstore/faults/bad_chunk.h"
#include "mockstore/faults/clock_skew.h"
#include "mockstore/faults/empty.h"
#include "mockstore/faults/error_text.h"
#include "mockstore/faults/hang_before_headers.h"
#include "mockstore/faults/hang_mid_body.h"
#include "mockstore/faults/headers.h"
#include "mockstore/faults/lag.h"
#include "mockstore/faults/late_end.h"
#include "mockstore/faults/latency.h"
#include "mockstore/faults/refused.h"
#include "mockstore/faults/reset.h"
#include "mockstore/faults/sliced.h"
#include "mockstore/faults/status.h"
#include "mockstore/faults/truncate.h"
#include "mockstore/faults/unsorted.h"
#include "mockstore/faults/wrong_body.h"
#include "mockstore/faults/wrong_crc.h"
#include "mockstore/faults/wrong_values.h"

namespace mread::mockstore::faults {

std::span<const Entry> registry() {
  static constexpr std::array entries{
      Entry{"bad_chunk", parse_bad_chunk},
      Entry{"clock_skew", parse_clock_skew},
      Entry{"empty", parse_empty, true},
      Entry{"error_text", parse_error_text},
      Entry{"hang_before_headers", parse_hang_before_headers, true},
      Entry{"hang_mid_body", parse_hang_mid_body},
      Entry{"headers", parse_headers},
      Entry{"lag", parse_lag},
      Entry{"late_end", parse_late_end},
      Entry{"latency", parse_latency},
      Entry{"refused", parse_refused, true},
      Entry{"reset", parse_reset, true},
      Entry{"sliced", parse_sliced},
      Entry{"status", parse_status},
      Entry{"truncate", parse_truncate},
      Entry{"unsorted", parse_unsorted, true},
      Entry{"wrong_body", parse_wrong_body, true},
      Entry{"wrong_crc", parse_wrong_crc, true},
      Entry{"wrong_values", parse_wrong_values, true},
  };
  return entries;
}

}  // namespace mread::mockstore::faults
