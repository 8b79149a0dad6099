// How the answer shall be.
import * as v from 'valibot'
import { between, field, notHonoured, positive, wholeNumber } from '../schema-fields.ts'

/** Answers a request may ask for: each one is a turn of a CLI of its own. */
const MOST_CANDIDATES = 8
const MOST_STOP_SEQUENCES = 100

export const GeminiThinkingConfig = v.pipe(
  v.looseObject({
    includeThoughts: field(v.boolean(), 'Send the thinking too, in parts with `thought: true`.'),
    thinkingBudget: field(v.pipe(wholeNumber, v.minValue(-1)), 'Tokens; 0 is no thinking, -1 leaves it to the model.'),
    thinkingLevel: field(
      v.picklist(['THINKING_LEVEL_UNSPECIFIED', 'MINIMAL', 'LOW', 'MEDIUM', 'HIGH', 'XHIGH']),
      'How much the model thinks; mapped to the nearest level it knows. Not beside a budget.',
    ),
  }),
  v.metadata({ title: 'Thinking configuration', description: 'Whether and how much the model thinks.' }),
)

export const GeminiGenerationConfig = v.pipe(
  v.looseObject({
    temperature: field(between(0, 2), 'Randomness of the answer, 0 to 2.'),
    topP: field(between(0, 1), 'Share of the probability mass to choose from.'),
    topK: field(positive, 'Number of tokens to choose from.'),
    maxOutputTokens: field(positive, 'Most tokens of an answer, thinking included.'),
    stopSequences: field(
      v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.maxLength(MOST_STOP_SEQUENCES)),
      'Texts that end the answer; they are not part of it.',
    ),
    candidateCount: field(
      v.pipe(
        positive,
        v.maxValue(MOST_CANDIDATES, `must be at most ${MOST_CANDIDATES} here: each answer is a turn of its own`),
      ),
      `Number of answers, at most ${MOST_CANDIDATES}: each is a turn of its own and costs as much.`,
    ),
    seed: field(wholeNumber, 'Asks for repeatable answers where the model can give them.'),
    presencePenalty: field(between(-2, 2), 'Lowers the chance of what occurred at all.'),
    frequencyPenalty: field(between(-2, 2), 'Lowers the chance of what occurred often.'),
    responseMimeType: field(v.string(), '`text/plain` or `application/json`.'),
    responseSchema: field(v.record(v.string(), v.unknown()), 'Schema of the answer, in Google’s form of OpenAPI.'),
    responseJsonSchema: field(v.record(v.string(), v.unknown()), 'The same as JSON Schema.'),
    responseModalities: field(v.array(v.string()), 'Only `["TEXT"]`.'),
    thinkingConfig: field(GeminiThinkingConfig, 'Left out, the model does as it is used to.'),
    responseLogprobs: field(v.boolean(), 'Not honoured.'),
    logprobs: notHonoured,
    mediaResolution: notHonoured,
    speechConfig: notHonoured,
    imageConfig: notHonoured,
    audioTimestamp: notHonoured,
    audioTranscriptionConfig: notHonoured,
    enableEnhancedCivicAnswers: notHonoured,
    enableAffectiveDialog: notHonoured,
    routingConfig: notHonoured,
    modelSelectionConfig: notHonoured,
    translationConfig: notHonoured,
    responseFormat: notHonoured,
  }),
  v.metadata({ title: 'Generation configuration', description: 'How the answer shall be.' }),
)

export type GenerationConfig = v.InferOutput<typeof GeminiGenerationConfig>
