#!/usr/bin/env bash
# Verifies what a stage keeps as evidence, through the function that migrates it: `verify-consents` every chain of every ledger of
# consents, `verify-decisions` every decision of the gate. Fails where one is not as it was written, and names it.
set -euo pipefail

STAGE=${1:?which stage? make verify-consents STAGE=dev}
TASK=${2:?which task? verify-consents or verify-decisions}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
# The function may take 15 minutes; asking again after a minute would start it twice.
error=$(aws lambda invoke --function-name "zencall-$STAGE-migrate" --cli-read-timeout 900 \
  --cli-binary-format raw-in-base64-out --payload "{\"task\":\"$TASK\"}" \
  --query FunctionError --output text "$answer")
cat "$answer" && echo
[ "$error" = None ] || {
  printf 'The evidence could not be read. The log: aws logs tail /zencall/%s/functions --since 10m\n' "$STAGE" >&2
  exit 1
}
grep -qE '"(broken|differing)":\[\]' "$answer" || {
  printf 'The evidence is not what was written: each first fault is named above.\n' >&2
  exit 1
}
