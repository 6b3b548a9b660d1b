# shellcheck shell=bash
# The evening of 12.12, as deploy/demo plays it with --harbolnas: sourced by it, with its functions
# and variables.
# shellcheck disable=SC2154

# As in demo.d/harbolnas.json: what everybody wants, and the rest of the sale.
readonly star=panci-presto-1212
readonly sale=batik-pekalongan-1212,kopi-toraja-1212,powerbank-1212,sepatu-1212,mainan-1212
# As a talent programme gives them out; of six viewers, three came by the first one.
readonly creators=talenta-sari,talenta-sari,talenta-sari,talenta-budi,talenta-budi,talenta-rina
# So long before midnight the viewers tap already, and so long they have to connect before that.
readonly calm_s=15 connect_s=12

# Puts what opens at midnight on sale; midnight is soon.
load_sale() {
  midnight_s=$(($(date +%s) + connect_s + calm_s))
  sed "s/FLASH_STARTS_MS/${midnight_s}000/g; s/FLASH_ENDS_MS/$((midnight_s + 3600))000/g" \
    "$root/deploy/demo.d/harbolnas.json" >"$dir/harbolnas.json"
  ctl offers load "$dir/harbolnas.json" --target="$(at operator)" >>"$dir/ctl.log"
}

tell_harbolnas() {
  cat <<PLAN

The evening of 12.12
  $viewers viewers watch $room and count down to midnight, which is $((connect_s + calm_s)) s away.
  Some cannot wait: what is on sale from midnight is refused before, as not begun.
  At midnight they tap $rate times a second. $((seconds / 2)) s later the host holds up
  $star: 500 pieces, one per buyer, and everybody wants one.
  Who is told by the room that it is sold out does not tap it any more.

PLAN
}

# A line above the progress, which a terminal shows in one line.
tell() {
  if [[ -t 2 ]]; then printf '\r\033[K' >&2; fi
  say "$*"
}

# sleep_until SECONDS: since the epoch.
sleep_until() {
  local wait_ms=$(($1 * 1000 - $(date +%s%3N)))
  ((wait_ms > 0)) || return 0
  # It may outlive this script by a little: it must not keep a pipe open.
  sleep "$((wait_ms / 1000)).$(printf '%03d' $((wait_ms % 1000)))" >/dev/null 2>&1
}

# One tap before midnight: what it is told.
tap_early() {
  local outcome
  outcome=$(ctl tap --gateway="$(at gateway-1-intake)" --key="$dir/token.pem" \
    --viewer=penonton-tak-sabar --offer="$star" --amount_minor=12120000) || return 0
  tell "  a tap on $star before its time: $(sed -n \
    's/.*"state":"STATE_\([A-Z]*\)".*"reason":"REASON_\([A-Z_]*\)".*/\1 \2/p' <<<"$outcome")"
}

# How many pieces of the wanted offer are left.
left_of_star() {
  http_get "${ports[marketplace]}" /offers |
    sed -n "/\"offer_id\":\"$star\"/s/.*\"stock\":\([0-9]*\).*/\1/p"
}

# Tells the evening while the viewers play it.
tell_evening() {
  local left last=''
  sleep_until $((midnight_s - calm_s))
  tell "The countdown begins: $calm_s s to midnight."
  tap_early
  for left in 10 5 3 2 1; do
    sleep_until $((midnight_s - left))
    tell "  $left ..."
  done
  sleep_until "$midnight_s"
  tell "00:00, 12.12: the sale is open."
  sleep_until $((midnight_s + seconds / 2))
  tell "Everybody at once: $star."
  while left=$(left_of_star) && [[ -n $left ]]; do
    if [[ $left != "$last" ]]; then tell "  $left left"; fi
    if ((left == 0)); then break; fi
    last=$left
    sleep 0.25 >/dev/null 2>&1
  done
  if [[ $left == 0 ]]; then tell "Sold out. Viewers are told, and tap something else."; fi
}

play_harbolnas() {
  local status=0
  if [[ $kafka == yes ]]; then warm_up; fi
  # The report leaves the warming up out; nobody taps within this second.
  began=$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)
  load_sale
  tell_harbolnas
  tell_evening &
  teller=$!
  play --seconds="$((calm_s + seconds))" --calm_s="$calm_s" --calm_rate="$(((rate + 19) / 20))" \
    --begin_at_ms="$(((midnight_s - calm_s) * 1000))" --connect_seconds=60 \
    --offers="$sale,$ordinary,$others,$abroad" --zipf=0.7 --attributions="$creators" \
    --flash="$star" --flash_share=0.95 --flash_at_s="$((calm_s + seconds / 2))" \
    --flash_taps=3 || status=$?
  say ''
  ctl offers campaigns --target="$(at operator)" || true
  kill "$teller" 2>/dev/null || true
  wait "$teller" 2>/dev/null || true
  teller=''
  return "$status"
}

# On all that was taken in since the demo began, and put in place whole.
write_report() {
  local format
  say ''
  ctl report beli-lokal --brokers="$brokers" --goods_keys="$dir/goods.keys" --from="$began" \
    --to="$(date -u -d '+1 second' +%Y-%m-%dT%H:%M:%SZ)" --language=en \
    --csv="$dir/beli-lokal.csv" --html="$dir/beli-lokal.html" >"$dir/beli-lokal.txt" || return
  sed '/^\(CSV\|HTML\) /d' "$dir/beli-lokal.txt"
  mkdir -p "$report"
  for format in html csv; do
    mv -f -- "$dir/beli-lokal.$format" "$report/.beli-lokal.$format.$$"
    mv -f -- "$report/.beli-lokal.$format.$$" "$report/beli-lokal.$format"
    say "  the same as ${format^^}  $report/beli-lokal.$format"
  done
}
