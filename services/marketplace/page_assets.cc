#include "services/marketplace/pages.h"

namespace jembatan::marketplace {
namespace {

constexpr std::string_view kStyle = R"css(:root { color-scheme: light dark;
  --paper: #f1f6f2; --card: #fff; --ink: #10231a; --soft: #4b5f54; --line: #d9e5dd;
  --brand: #03722d; --tint: #e0f3e6; --warn: #8a3b00; --warn-tint: #fff0dc;
  --bad: #9c1c2b; --bad-tint: #fdebed; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #0c1611; --card: #16241c; --ink: #eef7f1; --soft: #abc0b3; --line: #2b3f33;
  --brand: #7fe0a2; --tint: #12351f; --warn: #ffc98a; --warn-tint: #422a0c;
  --bad: #ffb0b8; --bad-tint: #471620; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans", system-ui, sans-serif; }
h1, h2, p, dl, dd, ol { margin: 0; padding: 0; }
ol { list-style: none; }
.en { display: block; font-size: .8125rem; font-weight: 400; line-height: 1.35;
  color: var(--soft); }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.brand { display: flex; align-items: center; gap: .75rem; max-width: 30rem; margin: 0 auto;
  padding: .875rem 1rem; line-height: 1.3; }
.brand svg { width: 2.25rem; height: 2.25rem; flex: none; color: var(--brand); }
.brand b { color: var(--brand); }
main { display: grid; gap: .875rem; max-width: 30rem; margin: 0 auto; padding: 0 1rem 2rem; }
.head, .card { padding: 1.125rem; border-radius: 1.125rem; background: var(--card);
  border: 1px solid var(--line); }
.head h1 { font-size: 1.4375rem; line-height: 1.25; }
.head[data-tone="wait"] { border-top: .375rem solid #f0a63c; }
.head[data-tone="done"] { border-top: .375rem solid #1d9a52; }
.head[data-tone="gone"] { border-top: .375rem solid #c8374a; }
.steps { display: grid; grid-template-columns: repeat(3, 1fr); gap: .375rem; margin-bottom: 1rem; }
.steps li { padding-top: .375rem; border-top: .25rem solid var(--line); font-size: .8125rem;
  color: var(--soft); }
.steps .en { display: inline; font-size: .75rem; }
.steps [data-past] { border-color: #1d9a52; }
.steps [aria-current] { border-color: #f0a63c; color: var(--ink); font-weight: 700; }
.head[data-tone="done"] .steps [aria-current] { border-color: #1d9a52; }
.clock { display: flex; justify-content: space-between; align-items: center; gap: 1rem;
  margin-top: 1rem; }
.clock b { font-size: 2rem; line-height: 1; font-variant-numeric: tabular-nums;
  color: var(--brand); }
progress { display: block; width: 100%; height: .5rem; margin-top: .625rem; border: 0;
  border-radius: 99px; overflow: hidden; appearance: none; background: var(--tint); }
progress::-webkit-progress-bar { background: var(--tint); }
progress::-webkit-progress-value { background: var(--brand); }
progress::-moz-progress-bar { background: var(--brand); }
.soon b { color: var(--bad); }
.card h2 { margin-bottom: .75rem; font-size: 1.0625rem; overflow-wrap: anywhere; }
dl { display: grid; gap: .625rem; }
dl div { display: flex; justify-content: space-between; gap: 1rem; }
dt { flex: none; font-size: .9375rem; line-height: 1.35; }
dt .en { font-size: .75rem; }
dd { text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.total { padding-top: .75rem; border-top: 1px dashed var(--line); }
.total dt { align-self: center; font-weight: 700; }
.total dd { font-size: 1.25rem; font-weight: 800; color: var(--brand); }
form { display: grid; gap: .75rem; }
button, .button { display: block; width: 100%; padding: .75rem 1rem; border: 0;
  border-radius: .875rem; font: inherit; font-size: 1.0625rem; font-weight: 700; line-height: 1.3;
  text-align: center; text-decoration: none; background: #03722d; color: #fff; cursor: pointer; }
button .en, .button .en { color: #e3f5e9; }
button:hover, .button:hover { background: #055f28; }
button.quiet { background: var(--tint); color: var(--brand); }
button.quiet .en { color: inherit; }
button:focus-visible, .button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.note { padding: .75rem 1rem; border-radius: .875rem; background: var(--warn-tint);
  color: var(--warn); font-size: .9375rem; }
.note .en { color: inherit; }
.paid { justify-self: end; padding: .25rem 1rem; border: 3px solid var(--brand);
  border-radius: .5rem; color: var(--brand); letter-spacing: .08em; transform: rotate(-4deg); }
@media print { :root { color-scheme: light; } body { background: #fff; } .quiet { display: none; }
  .head, .card { border-color: #999; } }
@media (forced-colors: active) { button, .button, .note { border: 1px solid; } }
)css";

// Counts from the time left that the server told: a phone's clock may be wrong.
constexpr std::string_view kScript = R"js("use strict";
(() => {
  document.getElementById("print")?.addEventListener("click", () => print());
  const clock = document.getElementById("remaining");
  if (!clock) return;
  const start = performance.now();
  const total = Number(clock.dataset.ms);
  const bar = document.getElementById("left");
  const notice = document.getElementById("notice");
  const timer = setInterval(() => {
    const ms = total - (performance.now() - start);
    const left = Math.ceil(ms / 1000);
    if (left <= 0) {
      clearInterval(timer);
      setTimeout(() => location.reload(), 1000);
      return;
    }
    const seconds = String(left % 60).padStart(2, "0");
    clock.textContent = String(Math.floor(left / 60)).padStart(2, "0") + ":" + seconds;
    bar.value = ms;
    if (left <= 60 && !notice.textContent) {
      notice.textContent = notice.dataset.soon;
      document.getElementById("clock").classList.add("soon");
    }
  }, 250);
})();
)js";

}  // namespace

std::string_view StyleSheet() { return kStyle; }

std::string_view Script() { return kScript; }

}  // namespace jembatan::marketplace
