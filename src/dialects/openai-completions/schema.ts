// The request and the answers of `POST /v1/completions`, and the registry of this dialect's named schemas.
import * as v from 'valibot'
import {
  between,
  count,
  field,
  label,
  modelName,
  notHonoured,
  OTHER_FIELDS,
  positive,
  stopTexts,
  wholeNumber,
} from '../schema-fields.ts'

/** Answers a request may ask for, all prompts together: each one is a turn of a CLI of its own. */
export const MOST_CHOICES = 8

export const CompletionRequest = v.pipe(
  v.looseObject({
    model: modelName,
    prompt: v.pipe(
      v.union([
        v.string(),
        v.pipe(v.array(v.string('must be text: tokens of another model mean nothing here')), v.nonEmpty()),
      ]),
      v.description('What the user says. Several prompts are several turns.'),
    ),
    suffix: field(v.string(), 'Refused: a CLI answers, and fills nothing in.'),
    max_tokens: field(positive, 'Most tokens of an answer. Left out, as many as it takes.'),
    n: field(positive, `Number of answers to each prompt; at most ${MOST_CHOICES} in all.`),
    stop: stopTexts,
    stream: field(v.boolean(), 'Send the answer as server-sent events while it is written.'),
    stream_options: field(
      v.looseObject({ include_usage: field(v.boolean(), 'Send the usage in one more chunk before `[DONE]`.') }),
      'Allowed only together with `stream: true`.',
    ),
    echo: field(v.boolean(), 'Begin the answer with the prompt.'),
    temperature: field(between(0, 2), 'Randomness of the answer, 0 to 2.'),
    top_p: field(between(0, 1), 'Share of the probability mass to choose from.'),
    seed: field(wholeNumber, 'Asks for repeatable answers where the model can give them.'),
    presence_penalty: field(between(-2, 2), 'Lowers the chance of what occurred at all.'),
    frequency_penalty: field(between(-2, 2), 'Lowers the chance of what occurred often.'),
    user: field(label, 'Your own name for the person behind the request.'),
    best_of: field(wholeNumber, 'Not honoured beyond `n`.'),
    logprobs: notHonoured,
    logit_bias: notHonoured,
  }),
  v.metadata({
    title: 'Completion request',
    description: `The old form of a chat. ${OTHER_FIELDS}`,
    examples: [{ model: 'demo/echo', prompt: 'Hello!' }],
  }),
)

export const CompletionUsage = v.pipe(
  v.object({ prompt_tokens: count, completion_tokens: count, total_tokens: count }),
  v.metadata({
    title: 'Completion usage',
    description: 'Tokens of all answers together, as the provider reports them.',
  }),
)

export const Completion = v.pipe(
  v.object({
    id: v.string(),
    object: v.literal('text_completion'),
    created: v.pipe(v.number(), v.integer(), v.description('Seconds since 1970.')),
    model: v.pipe(v.string(), v.description('The model’s name as the request gave it.')),
    choices: v.array(
      v.object({
        text: v.string(),
        index: v.pipe(count, v.description('Counts the answers to the first prompt, then those to the next.')),
        logprobs: v.null(),
        finish_reason: v.nullable(v.picklist(['stop', 'length', 'content_filter'])),
      }),
    ),
    usage: v.optional(CompletionUsage),
  }),
  v.metadata({ title: 'Completion', description: 'A whole answer, or a chunk of a streamed one.' }),
)

export type CompletionRequest = v.InferOutput<typeof CompletionRequest>
export type Completion = v.InferOutput<typeof Completion>
export type CompletionUsage = v.InferOutput<typeof CompletionUsage>

/** Every named schema, for the components of the API document. */
export const schemas = { CompletionRequest, Completion, CompletionUsage }
