#!/usr/bin/env bash
# The Gemini API: streams an answer. Run it beside a running cligate: examples/curl-gemini.sh [model] [prompt]
set -euo pipefail
model=${1:-demo/chat}
prompt=${2:-Hello! Who are you?}
# Quotes and backslashes of the prompt, as JSON wants them.
prompt=${prompt//\\/\\\\}
prompt=${prompt//\"/\\\"}

curl --fail-with-body --silent --show-error --no-buffer "${CLIGATE_URL:-http://127.0.0.1:8000}/v1beta/models/$model:streamGenerateContent?alt=sse" \
  --header 'content-type: application/json' \
  --header "x-goog-api-key: ${CLIGATE_KEY:-none}" \
  --data "{\"contents\": [{\"role\": \"user\", \"parts\": [{\"text\": \"$prompt\"}]}]}"
