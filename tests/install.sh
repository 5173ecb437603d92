#!/bin/sh
# Some tests need Chromium, a Chinese font or LibreOffice, which are Debian packages: install them where we may.
# Elsewhere the tests that need them are skipped and named; with CI=true they fail instead.
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
fc-list 2>/dev/null | grep -q 'Noto Sans CJK' || missing="$missing fonts-noto-cjk fontconfig"
command -v soffice >/dev/null 2>&1 || missing="$missing libreoffice-calc-nogui"
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo -n"; else exit 0; fi
echo "Installing for the tests:$missing ..."
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
# One at a time: where one cannot be had, the others still can. What LibreOffice recommends is a desktop.
for package in $missing; do
    case "$package" in libreoffice*) bare="--no-install-recommends" ;; *) bare="" ;; esac
    $as_root apt-get install -y -qq $bare "$package" >/dev/null || true
done
exit 0
