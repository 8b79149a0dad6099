"""A stream with the official Anthropic package for Python, for any model.

Run it beside a running cligate: python examples/python/anthropic_messages.py [model] [prompt]
"""

import os
import sys

from anthropic import Anthropic

model, prompt = (sys.argv[1:] + ["demo/chat", "Hello! Who are you?"][len(sys.argv) - 1 :])[:2]

client = Anthropic(
    # Without /v1.
    base_url=os.environ.get("CLIGATE_URL", "http://127.0.0.1:8000"),
    api_key=os.environ.get("CLIGATE_KEY", "none"),
)

with client.messages.stream(
    model=model,
    max_tokens=4096,
    messages=[{"role": "user", "content": prompt}],
) as stream:
    for text in stream.text_stream:
        print(text, end="", flush=True)
print()
