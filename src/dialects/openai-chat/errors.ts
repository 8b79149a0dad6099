export { encodeError } from '../openai-error.ts'
