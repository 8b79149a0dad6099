export { asFields, type Fields, fieldsAt, listAt, numberAt, textAt } from './fields.ts'
