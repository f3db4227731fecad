#!/usr/bin/env bash
# Starts every container of a stage anew, with the secrets as they are now. Nobody waits for it: old ones serve meanwhile.
set -euo pipefail

STAGE=${1:?which stage? make restart STAGE=dev}
stack=zencall-$STAGE
parameters=$(aws cloudformation describe-stacks --stack-name "$stack" --query 'Stacks[0].Parameters' --output json |
  jq --arg now "$(date -u +%Y%m%dT%H%M%S)" 'map(
    if .ParameterKey == "SecretsRevision" then {ParameterKey, ParameterValue: $now} else {ParameterKey, UsePreviousValue: true} end)')
aws cloudformation update-stack --stack-name "$stack" --use-previous-template --parameters "$parameters" \
  --capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND --query StackId --output text
aws cloudformation wait stack-update-complete --stack-name "$stack"
