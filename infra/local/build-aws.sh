#!/usr/bin/env bash
# Every function for AWS: arm64, optimised for size, without Docker, into target/lambda/<name>/bootstrap.
# Linking takes about a minute and a half a function. With names, only those: build-aws.sh mailer migrate
set -euo pipefail
cd "$(dirname "$0")/../.."

ZIG=ziglang==0.17.1 # cargo-lambda's cross linker
TARGET=aarch64-unknown-linux-gnu

./infra/local/setup.sh
VENV=.local/venv
LOG=$PWD/.local/logs/setup.log
. infra/local/venv.sh
need "$ZIG" "the cross linker (zig, about 100 MB)" --no-deps "$ZIG"

if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$TARGET" ]; then
  command -v rustup >/dev/null || missing "Rust's standard library for $TARGET" "install Rust with https://rustup.rs"
  slowly "installing Rust's standard library for $TARGET" rustup target add "$TARGET" ||
    missing "Rust's standard library for $TARGET" "rustup target add $TARGET"
fi

packages=()
if [ $# -gt 0 ]; then
  for name in "$@"; do packages+=(--package "$name"); done
else
  for folder in functions/*/; do packages+=(--package "$(basename "$folder")"); done
fi
PATH="$PWD/$VENV/bin:$PATH" cargo lambda build --profile lambda --arm64 --locked --lambda-dir target/lambda "${packages[@]}"
