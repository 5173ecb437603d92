#!/bin/sh
# The browser tests need Chromium and a Chinese font, which are Debian packages: install them where we may.
# Elsewhere the tests that need them are skipped and named; with CI=true they fail instead.
command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -q 'Noto Sans CJK' && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else exit 0; fi
echo "Installing Chromium and a Chinese font for the browser tests ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq && $as_root apt-get install -y -qq chromium fonts-noto-cjk fontconfig >/dev/null || true
exit 0
