/** What `GET /v1beta/models` lists: one model of each kind that CLIs tell apart by name. */
export const MODELS = ['gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-3-flash-preview'].map((id) => ({
  name: `models/${id}`,
  version: '001',
  displayName: id,
  description: `Simulated ${id}`,
  inputTokenLimit: 1_048_576,
  outputTokenLimit: 65_536,
  supportedGenerationMethods: ['generateContent', 'countTokens'],
}))
