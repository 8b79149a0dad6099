import * as v from 'valibot'
import { section, setting } from '../setting.ts'

export const demo = section('An embedded model for first runs and tests; needs no account.', {
  enabled: setting(v.boolean(), true, 'Offer demo/* models.'),
})
