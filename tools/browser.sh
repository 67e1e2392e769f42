#!/bin/sh
# Sees to it that a Chromium, 中文 fonts and what Playwright's driver needs are on this machine for the browser tests; says so
# loudly when they cannot be had.
# usage: tools/browser.sh [VENV]
set -eu
venv=${1:-.venv}
find_browser() {
    for name in "${BUDGETWATCH_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1 && return 0
    done
    return 1
}
fonts() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null | head -n 1)" ]; }
# Its Node needs libatomic, which a bare Debian or Ubuntu lacks.
driver() { "$venv/bin/python" -m playwright --version >/dev/null 2>&1; }

find_browser && fonts && driver && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium and 中文 fonts for the browser tests (once)…" >&2
    apt-get update -qq >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fontconfig fonts-noto-cjk libatomic1 >/dev/null 2>&1 || true
fi
if ! find_browser; then
    echo "!! NO CHROMIUM: the browser tests will be skipped. Install one (apt-get install chromium fonts-noto-cjk) or set BUDGETWATCH_CHROMIUM." >&2
elif ! fonts; then
    echo "!! NO 中文 FONTS: screenshots will show boxes. Install them: apt-get install fonts-noto-cjk." >&2
fi
if ! driver; then
    echo "!! NO DRIVER: Playwright does not start, so the browser tests will be skipped. Install what it needs: apt-get install libatomic1." >&2
fi
exit 0
