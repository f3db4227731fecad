#!/usr/bin/env bash
# The AWS template under AWS's own checks. No account, no network once the tools are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

mkdir -p .local/logs
LOG=$PWD/.local/logs/setup.log
. infra/local/venv.sh

command -v python3 >/dev/null || missing "Python 3 (python3)" "apt-get install python3 python3-venv   (macOS: brew install python)"
prepare_sam
cfn_lint infra/aws/template.yaml
# A region is a parameter of some rules; any will do.
AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-eu-west-3} sam validate --lint --template-file infra/aws/template.yaml
