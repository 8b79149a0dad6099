#!/usr/bin/env bash
# Anthropic Messages: streams an answer. Run it beside a running cligate: examples/curl-messages.sh [model] [prompt]
set -euo pipefail
model=${1:-demo/chat}
prompt=${2:-Hello! Who are you?}
# Quotes and backslashes of the prompt, as JSON wants them.
prompt=${prompt//\\/\\\\}
prompt=${prompt//\"/\\\"}

curl --fail-with-body --silent --show-error --no-buffer "${CLIGATE_URL:-http://127.0.0.1:8000}/v1/messages" \
  --header 'content-type: application/json' \
  --header "x-api-key: ${CLIGATE_KEY:-none}" \
  --data "{\"model\": \"$model\", \"max_tokens\": 4096, \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"$prompt\"}]}"
