// The blocks of an answer while it streams: text, thinking, calls. Pure but for the state.
import { GatewayError } from '../../core/error.ts'
import type { ChatEvent } from '../../core/event.ts'
import { type Fields, fieldsAt, textAt } from '../fields.ts'
import { withoutPrefix } from './tools.ts'
import { fail, type OpenBlock, type TurnState } from './turn-state.ts'
import { activityStart, WEB_TOOLS } from './web.ts'

export function startBlock(state: TurnState, index: number, content: Fields): ChatEvent[] {
  const open = (kind: OpenBlock['kind'], more: Pick<OpenBlock, 'encrypted' | 'input'> = {}): number => {
    const block = state.nextBlock++
    state.blocks.set(index, { kind, block, signature: '', ...more })
    return block
  }
  switch (content['type']) {
    case 'text': {
      const block = open('text')
      return [{ type: 'text-start', block }, ...say(state, block, textAt(content, 'text') ?? '')]
    }
    case 'thinking':
      return [{ type: 'reasoning-start', block: open('reasoning') }]
    case 'redacted_thinking':
      return [{ type: 'reasoning-start', block: open('reasoning', { encrypted: textAt(content, 'data') ?? '' }) }]
    case 'tool_use':
      if (isWebCall(state, content)) return startWeb(state, index, content)
      return startCall(state, content, open)
    default:
      return []
  }
}

const isWebCall = ({ web }: TurnState, content: Fields): boolean => web && WEB_TOOLS.has(textAt(content, 'name') ?? '')

/** It has no number: it is no part of the answer. */
function startWeb(state: TurnState, index: number, content: Fields): ChatEvent[] {
  const name = textAt(content, 'name') ?? ''
  state.searched = true
  state.running.set(textAt(content, 'id') ?? '', name)
  state.blocks.set(index, { kind: 'web', block: -1, signature: '', input: '', name })
  return []
}

type Open = (kind: 'tool-call', more: { input: string }) => number

function startCall(state: TurnState, content: Fields, open: Open): ChatEvent[] {
  const { names, offered } = state.tools
  const [id, cliName] = [textAt(content, 'id') ?? '', textAt(content, 'name') ?? '']
  const name = names.toCaller(withoutPrefix(cliName, offered))
  if (name === undefined) {
    const called = JSON.stringify(cliName.slice(0, 64))
    return fail(
      state,
      new GatewayError('provider_error', `The model called a function that nobody offered: ${called}.`),
    )
  }
  state.said = true
  state.called = true
  const input = JSON.stringify(fieldsAt(content, 'input') ?? {})
  return [{ type: 'tool-call-start', block: open('tool-call', { input }), id, name }]
}

function say(state: TurnState, block: number, text: string): ChatEvent[] {
  if (text === '') return []
  state.said = true
  return [{ type: 'text-delta', block, text }]
}

/** Pieces of another kind than their block say nothing. */
export function continueBlock(state: TurnState, index: number, delta: Fields): ChatEvent[] {
  const open = state.blocks.get(index)
  if (!open) return []
  const { block, kind } = open
  switch (delta['type']) {
    case 'text_delta':
      return kind === 'text' ? say(state, block, textAt(delta, 'text') ?? '') : []
    case 'thinking_delta':
      if (kind !== 'reasoning') return []
      return [{ type: 'reasoning-delta', block, text: textAt(delta, 'thinking') ?? '' }]
    case 'input_json_delta': {
      const json = textAt(delta, 'partial_json') ?? ''
      if (kind === 'web') open.input += json
      if (kind !== 'tool-call' || json === '') return []
      open.input = ''
      return [{ type: 'tool-call-delta', block, arguments: json }]
    }
    case 'signature_delta':
      open.signature += textAt(delta, 'signature') ?? ''
      return []
    default:
      return []
  }
}

function endBlock({ kind, block, signature, encrypted, input = '', name = '' }: OpenBlock): ChatEvent[] {
  switch (kind) {
    case 'text':
      return [{ type: 'text-end', block }]
    case 'tool-call':
      // The service streams nothing for a call without arguments.
      return [
        ...(input === '' ? [] : [{ type: 'tool-call-delta' as const, block, arguments: input }]),
        { type: 'tool-call-end', block },
      ]
    case 'web':
      return [activityStart(name, input)]
    case 'reasoning':
      return [
        {
          type: 'reasoning-end',
          block,
          ...(signature === '' ? {} : { signature }),
          ...(encrypted === undefined ? {} : { encrypted }),
        },
      ]
    default:
      return kind satisfies never
  }
}

export function endBlocks(state: TurnState): ChatEvent[] {
  const ends = [...state.blocks.values()].flatMap(endBlock)
  state.blocks.clear()
  return ends
}

export function stopBlock(state: TurnState, index: number): ChatEvent[] {
  const open = state.blocks.get(index)
  state.blocks.delete(index)
  return open ? endBlock(open) : []
}
