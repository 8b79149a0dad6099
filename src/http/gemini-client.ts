/** Whether a request for models comes from a client of Google's API, whose SDKs (3.x) ask at the path of OpenAI's. */
export function isGeminiClient({ headers, url }: Request): boolean {
  if (headers.has('anthropic-version')) return false
  if (headers.has('x-goog-api-key') || headers.has('x-goog-api-client')) return true
  return /[?&]key=/.test(url) || /^google-genai-sdk\//i.test(headers.get('user-agent') ?? '')
}
