/** What Codex's own `GET /models?client_version=…` lists; a short list keeps Codex with the one that it has built in. */
export const CODEX_MODELS: unknown[] = []
