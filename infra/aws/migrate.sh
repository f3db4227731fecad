#!/usr/bin/env bash
# Runs a stage's migrations, and says what they did. Twice does nothing.
set -euo pipefail

STAGE=${1:?which stage? make migrate STAGE=dev}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# The function may take 15 minutes; asking again after a minute would start it twice.
error=$(aws lambda invoke --function-name "zencall-$STAGE-migrate" --cli-read-timeout 900 \
  --query FunctionError --output text "$answer")
cat "$answer" && echo
[ "$error" = None ] || {
  printf 'The migration failed; what was applied before stays. Its log: aws logs tail /zencall/%s/functions --since 10m\n' "$STAGE" >&2
  exit 1
}
