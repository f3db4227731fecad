#!/usr/bin/env bash
# Verifies every ledger of consents of a stage, through the function that migrates it; fails where a chain is broken, and names it.
set -euo pipefail

STAGE=${1:?which stage? make verify-consents STAGE=dev}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# The function may take 15 minutes; asking again after a minute would start it twice.
error=$(aws lambda invoke --function-name "zencall-$STAGE-migrate" --cli-read-timeout 900 \
  --cli-binary-format raw-in-base64-out --payload '{"task":"verify-consents"}' \
  --query FunctionError --output text "$answer")
cat "$answer" && echo
[ "$error" = None ] || {
  printf 'The ledgers could not be read. The log: aws logs tail /zencall/%s/functions --since 10m\n' "$STAGE" >&2
  exit 1
}
grep -q '"broken":\[\]' "$answer" || {
  printf 'The ledger is broken: organisation, chain, place and fault of each first broken link are named above.\n' >&2
  exit 1
}
