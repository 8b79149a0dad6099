"""Function calling with the official OpenAI package for Python: the model calls, this program runs the function.

Run it beside a running cligate: python examples/python/openai_functions.py [model] [prompt]
"""

import json
import os
import sys

from openai import OpenAI

model, prompt = (sys.argv[1:] + ["demo/tools", "How is the weather in Oslo?"][len(sys.argv) - 1 :])[:2]

client = OpenAI(
    base_url=os.environ.get("CLIGATE_URL", "http://127.0.0.1:8000") + "/v1",
    api_key=os.environ.get("CLIGATE_KEY", "none"),
)

tools = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Tells the weather of a city.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
]


def get_weather(city: str) -> str:
    return f"It rains in {city}, at 12 degrees."


messages = [{"role": "user", "content": prompt}]
for _ in range(5):
    message = client.chat.completions.create(model=model, messages=messages, tools=tools).choices[0].message
    messages.append(message)
    if not message.tool_calls:
        print(message.content)
        break
    for call in message.tool_calls:
        print(f"calls {call.function.name}({call.function.arguments})")
        result = get_weather(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
