import * as v from 'valibot'
import { amount, count, section, setting, text } from '../setting.ts'

export const images = section('Images and documents in requests.', {
  max_count: setting(count(0, 1000), 20, 'Images a request may hold.'),
  max_mb: setting(amount(0.001, 100), 3.75, 'Largest image, in megabytes. Documents may have 20.'),
  allow_hosts: setting(
    v.array(text()),
    [],
    'Hosts that URLs may point to although they are private. Loopback and private addresses are refused otherwise.',
  ),
})
