#!/usr/bin/env bash
# Streams an answer with nothing but curl. Run it beside a running cligate: examples/curl.sh [model] [prompt]
set -euo pipefail
model=${1:-demo/chat}
prompt=${2:-Hello! Who are you?}

curl --silent --show-error --no-buffer "${CLIGATE_URL:-http://127.0.0.1:8000/v1}/chat/completions" \
  --header 'content-type: application/json' \
  --header "authorization: Bearer ${CLIGATE_KEY:-none}" \
  --data "{\"model\": \"$model\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"$prompt\"}]}"
