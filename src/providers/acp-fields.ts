export { asFields, type Fields, fieldsAt, listAt, textAt } from './fields.ts'
