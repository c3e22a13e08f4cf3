#!/usr/bin/env bash
#
# docs/picture.sh - makes docs/screen.svg, the picture in the README, from the
# running program: the demo in a terminal of tmux, somebody about to answer in
# the topic orders. Needs Go and tmux.

set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
terminal() { tmux -S "$work/tmux" "$@"; }
leave() {
  terminal kill-server 2>/dev/null || true
  rm -rf "$work"
}
trap leave EXIT

# sees TEXT: waits until the screen shows it.
sees() {
  local i
  for ((i = 0; i < 300; i++)); do
    if terminal capture-pane -p | grep -qF -- "$1"; then return; fi
    sleep 0.1
  done
  echo "the screen does not show: $1" >&2
  terminal capture-pane -p >&2
  return 1
}

go build -o "$work/milena" .
go build -o "$work/picture" ./docs/picture

HOME=$work COLORTERM=truecolor LC_ALL=C.UTF-8 TZ=UTC terminal -f /dev/null new-session -d -x 132 -y 34 \
  "$work/milena --demo orders"
sees following
# Some seconds of life, for the rate and its history at the top right.
sleep "${PICTURE_WAIT:-20}"
terminal send-keys c
sees 'ctrl+s send'
terminal send-keys -l '{"event":"order.created","order":"o-1","note":"typed by a person"}'
sees 'typed by a person'
terminal send-keys Tab
terminal send-keys -l user-12
sees murmur2
terminal send-keys C-s
sees 'sent to partition'
terminal send-keys -l '{"event":"order.paid","order":"o-1"}'
sees 'order.paid","order":"o-1"}'
terminal capture-pane -e -p | "$work/picture" \
  -cursor "$(terminal display-message -p '#{?cursor_flag,#{cursor_x}#,#{cursor_y},}')" >"$work/screen.svg"
mv "$work/screen.svg" docs/screen.svg
