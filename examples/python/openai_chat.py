"""A stream with the official OpenAI package for Python.

Run it beside a running cligate: python examples/python/openai_chat.py [model] [prompt]
"""

import os
import sys

from openai import OpenAI

model, prompt = (sys.argv[1:] + ["demo/chat", "Hello! Who are you?"][len(sys.argv) - 1 :])[:2]

client = OpenAI(
    base_url=os.environ.get("CLIGATE_URL", "http://127.0.0.1:8000") + "/v1",
    api_key=os.environ.get("CLIGATE_KEY", "none"),
)

stream = client.chat.completions.create(
    model=model,
    messages=[{"role": "user", "content": prompt}],
    stream=True,
)

for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
