#!/usr/bin/env bash
#
# docs/picture.sh - makes the pictures in the README from the running program:
# the demo in a terminal of tmux. In docs/screen.svg somebody is about to answer
# in the topic orders; docs/search.svg is what an expression found in all of its
# history. Needs Go and tmux.

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
sees 'live'
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

# draw NAME: what is on the screen, as docs/NAME.svg.
draw() {
  terminal capture-pane -e -p | "$work/picture" \
    -cursor "$(terminal display-message -p '#{?cursor_flag,#{cursor_x}#,#{cursor_y},}')" >"$work/$1.svg"
  mv "$work/$1.svg" "docs/$1.svg"
}
draw screen

terminal send-keys Escape
sees 'space pause'
terminal send-keys S
sees 'search the whole history'
terminal send-keys -l 'value.total > 200 && value.event == "order.created"'
sees 'read as expression'
terminal send-keys Enter
sees 'all searched'
terminal send-keys Up Up Up
sleep 1
draw search
