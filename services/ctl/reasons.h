#pragma once

// The table of reasons as others read it: people in docs/reference/reasons.md, the TypeScript
// client in clients/typescript/reasons.jsonl. Pure; any thread.

#include <string>

namespace jembatan::ctl {

// The whole of docs/reference/reasons.md.
std::string ReasonsMarkdown();

// One JSON object a reason: number, name, class, retryable (0 or 1), id, en.
std::string ReasonsJsonLines();

}  // namespace jembatan::ctl
