/** What `GET /models` lists. */
export const MODELS = ['qwen3-coder-plus', 'qwen3-max', 'qwen3-vl-plus'].map((id) => ({
  id,
  object: 'model',
  created: 1_750_000_000,
  owned_by: 'simulated',
}))
