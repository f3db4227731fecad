#!/usr/bin/env bash
# Prints a new key of access tokens (ES256), as one of the secret `token-keys`: {"kid": …, "pkcs8": …}.
set -euo pipefail
key=$(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 | openssl pkcs8 -topk8 -nocrypt -outform DER | openssl base64 -A)
printf '{"kid":"%s","pkcs8":"%s"}\n' "$(openssl rand -hex 8)" "$key"
