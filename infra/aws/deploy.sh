#!/usr/bin/env bash
# Brings a stage up to date: its database first, for old code runs on a new schema and new code not on an old one, then
# the stack. MIGRATE=no leaves the database alone (going back to older code).
set -euo pipefail
cd "$(dirname "$0")/../.."

STAGE=${1:-}
mkdir -p .local/logs
LOG=$PWD/.local/logs/setup.log
. infra/local/venv.sh

[ -n "$STAGE" ] || missing "the stage" "make deploy STAGE=dev"
grep -q "^\[$STAGE\.deploy\.parameters\]" infra/aws/samconfig.toml ||
  missing "the stage $STAGE in infra/aws/samconfig.toml" "copy the section of dev there"
command -v aws >/dev/null || missing "the AWS CLI (aws)" "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
for folder in functions/*/; do
  binary=target/lambda/$(basename "$folder")/bootstrap
  [ -f "$binary" ] || missing "$binary" "make build"
  # Byte 18 of an ELF file is the machine: b7 is arm64.
  [ "$(od -An -tx1 -j18 -N1 "$binary" | tr -d ' ')" = b7 ] || missing "$binary for arm64" "make build"
done
prepare_sam

function=zencall-$STAGE-migrate
if [ "${MIGRATE:-yes}" = yes ] && aws lambda get-function --function-name "$function" >/dev/null 2>&1; then
  say "• bringing the database up to date …"
  archive=$(mktemp -d)/migrate.zip
  "$VENV/bin/python" -c 'import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    archive.write(sys.argv[2], "bootstrap")' "$archive" target/lambda/migrate/bootstrap
  aws lambda update-function-code --function-name "$function" --zip-file "fileb://$archive" --architectures arm64 >/dev/null
  rm -r "$(dirname "$archive")"
  aws lambda wait function-updated-v2 --function-name "$function"
  infra/aws/migrate.sh "$STAGE"
fi

sam deploy --template-file infra/aws/template.yaml --config-file "$PWD/infra/aws/samconfig.toml" --config-env "$STAGE" \
  --resolve-s3 --capabilities CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset
