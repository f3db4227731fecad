# Sourced by the scripts beside it, which set VENV and LOG: messages, and Python packages in a virtual environment that is
# made and filled once.

say() { printf '%s\n' "$*" >&2; }

# missing WHAT HOW: what is not there, and how to get it.
missing() {
  say ""
  say "Missing: $1"
  say "   Get it: $2"
  exit 1
}

# slowly LABEL COMMAND…: runs the command with its output in the log, and shows that time passes.
slowly() {
  local label=$1 started=$SECONDS
  shift
  say "• $label …"
  "$@" >>"$LOG" 2>&1 </dev/null &
  local worker=$! code=0
  while kill -0 "$worker" 2>/dev/null; do
    sleep 0.2
    if [ $((SECONDS - started)) -gt 0 ] && [ $(((SECONDS - started) % 10)) -eq 0 ]; then
      say "    still $label ($((SECONDS - started)) s)"
      sleep 1
    fi
  done
  wait "$worker" || code=$?
  [ "$code" -eq 0 ] && say "  done in $((SECONDS - started)) s"
  return "$code"
}

# Some distributions ship Python without venv, some without pip; any of three ways will do.
make_venv() {
  rm -rf "$VENV"
  if python3 -m venv "$VENV" >>"$LOG" 2>&1; then
    return
  fi
  rm -rf "$VENV"
  if python3 -m virtualenv "$VENV" >>"$LOG" 2>&1; then
    return
  fi
  rm -rf "$VENV"
  python3 -m pip --version >>"$LOG" 2>&1 || return 1 # else: pip install --target
  mkdir -p "$VENV/bin" "$VENV/lib"
  # The system's own by its path: with this folder on the PATH, a plain python3 would be this file again.
  cat >"$VENV/bin/python" <<WRAPPER
#!/bin/sh
here=\$(cd "\$(dirname "\$0")/.." && pwd)
PYTHONPATH="\$here/lib\${PYTHONPATH:+:\$PYTHONPATH}" exec $(command -v python3) "\$@"
WRAPPER
  chmod +x "$VENV/bin/python"
  cp "$VENV/bin/python" "$VENV/bin/python3"
}

# install PACKAGE…: into the virtual environment, whichever kind it is.
install() {
  if [ -d "$VENV/lib" ] && [ -f "$VENV/pyvenv.cfg" ]; then
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input "$@"
  else
    python3 -m pip install --disable-pip-version-check --no-input --target "$VENV/lib" --upgrade "$@"
    local file
    # Copied at once: the next package replaces the folder.
    for file in "$VENV"/lib/bin/*; do
      [ -f "$file" ] && cp "$file" "$VENV/bin/"
    done
  fi
}

# need STAMP LABEL PIP-ARGUMENTS…: installs once for each version.
need() {
  local stamp=$VENV/.installed-$1 label=$2
  shift 2
  [ -e "$stamp" ] && return
  if ! slowly "installing $label" install "$@"; then
    say ""
    tail -n 15 "$LOG" >&2
    missing "$label (pip could not install it; the whole log is .local/logs/setup.log)" \
      "check that pip reaches its index: $VENV/bin/python -m pip download --no-deps ${*: -1}"
  fi
  touch "$stamp"
}

# prepare_venv: makes it, unless it is there and works.
prepare_venv() {
  "$VENV/bin/python" -c '' 2>/dev/null && return
  slowly "preparing Python in $VENV" make_venv ||
    missing "Python's venv module, virtualenv or pip (one of them)" "apt-get install python3-venv   (or python3-pip)"
}

# prepare_sam: SAM and cfn-lint, pinned, in an environment of their own, since their pins and the emulator's disagree.
# SAM brings a cfn-lint of its choice; both are used, so both are named.
prepare_sam() {
  VENV=.local/sam
  local packages=(aws-sam-cli==1.170.0 cfn-lint==1.58.0)
  prepare_venv
  need "${packages[0]}-${packages[1]}" "SAM and cfn-lint (about 350 MB)" "${packages[@]}"
}

# sam ARGUMENT…, cfn_lint ARGUMENT…: as modules, which works in every kind of environment.
sam() { SAM_CLI_TELEMETRY=0 "$VENV/bin/python" -m samcli "$@"; }
cfn_lint() { "$VENV/bin/python" -c "import sys; from cfnlint.runner import main; sys.exit(main())" "$@"; }
