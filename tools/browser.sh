#!/bin/sh
# Sees to it that a Chromium and 中文 fonts are on this machine for the browser tests; says so loudly when they cannot be had.
set -eu
find_browser() {
    for name in "${BUDGETWATCH_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1 && return 0
    done
    return 1
}
fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null | head -n 1)" ]; }

find_browser && fonts && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and 中文 fonts for the browser tests (once)…" >&2
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fontconfig fonts-noto-cjk >/dev/null 2>&1 || true
fi
if ! find_browser; then
    echo "!! NO CHROMIUM: the browser tests will be skipped. Install one (apt-get install chromium fonts-noto-cjk) or set BUDGETWATCH_CHROMIUM." >&2
elif ! fonts; then
    echo "!! NO 中文 FONTS: screenshots will show boxes. Install them: apt-get install fonts-noto-cjk." >&2
fi
exit 0
