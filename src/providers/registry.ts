import { GatewayError } from '../core/error.ts'
import { type Effort, EFFORTS } from '../core/request.ts'
import type { Driver, Model } from './driver.ts'
import { parseWithAliases, resolveAliases } from './model-aliases.ts'
import { createModelList, type RegistryLog } from './model-list.ts'
import {
  isLegalModelName,
  KNOWN_PROVIDERS,
  type ModelName,
  nearestNames,
  parseModelName,
  PROGRESS_SUFFIX,
  providerByPattern,
} from './model-name.ts'

/** What a caller's model name comes to. */
export type ResolvedModel = {
  driver: Driver
  /** The provider's own name. */
  model: string
  effort?: Effort
  progress: boolean
}

/** A model as the API lists it. `id` is what a caller writes. */
type ListedModel = {
  id: string
  displayName: string
  /** Milliseconds since 1970; 0 where the provider does not tell. */
  created: number
  ownedBy: string
  provider: string
  contextWindow?: number
  maxOutputTokens?: number
  /** The same model again, under a name that asks for something more of it. */
  variant?: true
}

export type RegistryOptions = {
  drivers: readonly Driver[]
  /** Names of the owner's own, by what they stand for: `{ fast: 'haiku:low', 'gpt-4o': 'claude/sonnet' }`. */
  aliases?: Readonly<Record<string, string>>
  /** How long a provider's list is taken as it is, in milliseconds; 24 hours if left out. */
  listTtl?: number
  log?: RegistryLog
  now?: () => number
}

export interface Registry {
  /**
   * Whose model a name is, without asking anyone. Names that a provider does not list are its own to refuse, for CLIs
   * accept more than they list.
   * @param within the only provider that may have it; its models then need no prefix
   * @throws GatewayError `model_not_found`, or `invalid_request` for what cannot be a name; `param` is `model`
   */
  resolve(name: string, within?: string): ResolvedModel
  /**
   * All models that callers can name, each name with its `-progress` variant; the first name of a model also with one for each
   * effort that it knows. A provider that cannot tell adds none.
   */
  list(signal: AbortSignal): Promise<ListedModel[]>
  /**
   * One model by a name that `list` gives, or that name with an effort behind it.
   * @throws GatewayError `model_not_found`
   */
  get(id: string, signal: AbortSignal, within?: string): Promise<ListedModel>
  /** Ends what it asks of the drivers. */
  close(): void
}

const OWNERS: Readonly<Record<string, string>> = {
  claude: 'anthropic',
  codex: 'openai',
  gemini: 'google',
  qwen: 'alibaba',
  demo: 'cligate',
}
/** Models that nobody shall get by accident: their names count only behind the provider's prefix. */
const PREFIX_ONLY = new Set(['demo'])
const DAY = 86_400_000

/** @throws Error for aliases that cannot be: no legal names, or names that lead back to themselves */
export function createRegistry(options: RegistryOptions): Registry {
  const { aliases = {}, listTtl = DAY, log = { warn() {} }, now = Date.now } = options
  const drivers = new Map(options.drivers.map((driver) => [driver.name, driver]))
  const lists = new Map(options.drivers.map((driver) => [driver, createModelList(driver, { ttl: listTtl, log, now })]))
  const targets = resolveAliases(aliases)

  const ownerOf = (name: string): Driver | undefined => {
    const byPattern = drivers.get(providerByPattern(name) ?? '')
    if (byPattern) return byPattern
    const lister = [...lists].find(
      ([driver, list]) =>
        !PREFIX_ONLY.has(driver.name) && list.current().some((model) => namesOf(model).includes(name)),
    )
    return lister?.[0]
  }

  const listed = (driver: Driver, name: string): Model | undefined =>
    lists
      .get(driver)!
      .current()
      .find((model) => namesOf(model).includes(name))

  const lookUp = ({ name, effort, progress }: ModelName): ResolvedModel | undefined => {
    const slash = name.indexOf('/')
    const prefixed = slash > 0 ? drivers.get(name.slice(0, slash)) : undefined
    const driver = prefixed ?? ownerOf(name)
    const model = prefixed ? name.slice(slash + 1) : name
    // Looked at again: what stands behind the prefix may become an argument of a CLI.
    if (!driver || !isLegalModelName(model)) return undefined
    // `-progress` twice: nobody's model, unless one of that name is listed.
    if (progress && model.endsWith(PROGRESS_SUFFIX) && !listed(driver, model)) return undefined
    return { driver, model, effort, progress }
  }

  const lookUpWithin = (parsed: ModelName, provider: string): ResolvedModel | undefined => {
    const found = lookUp(parsed)
    if (found?.driver.name === provider) return found
    const prefix = parsed.name.slice(0, Math.max(0, parsed.name.indexOf('/')))
    return drivers.has(prefix) ? undefined : lookUp({ ...parsed, name: `${provider}/${parsed.name}` })
  }

  /** The shortest name that leads to this model of this driver. */
  const nameFor = (driver: Driver, name: string): string => {
    const found = lookUp(parseWithAliases(name, targets))
    return found?.driver === driver && found.model === name ? name : `${driver.name}/${name}`
  }

  const listAll = (): Map<string, ListedModel> => {
    const all = new Map<string, ListedModel>()
    for (const [driver, list] of lists) {
      for (const model of list.current()) {
        // Its efforts by one name: by each of them the list would be many times as long, and say nothing more.
        for (const [index, name] of namesOf(model).filter(isLegalModelName).entries())
          add(all, nameFor(driver, name), driver, model, index === 0 ? model.efforts : [])
      }
    }
    for (const [alias, target] of targets) {
      const found = lookUp(target)
      if (!found) continue
      const { driver, model: name } = found
      add(all, alias, driver, listed(driver, name) ?? { id: name, displayName: name, aliases: [], efforts: [] })
    }
    return all
  }

  const readAll = async (signal: AbortSignal) => {
    await Promise.all([...lists.values()].map((list) => list.read(signal)))
    return listAll()
  }

  const hint = (name: string): string => {
    const near = nearestNames(
      name.replace(/(?:-progress)+$/, ''),
      [...listAll().values()].flatMap(({ id, variant }) => (variant ? [] : [id])),
    )
    return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'GET /v1/models lists the models.'
  }

  const notFound = ({ name: base, progress }: ModelName): GatewayError => {
    const name = progress && base.endsWith(PROGRESS_SUFFIX) ? `${base}${PROGRESS_SUFFIX}` : base
    const slash = name.indexOf('/')
    const provider = slash > 0 ? name.slice(0, slash) : providerByPattern(name)
    if (provider && KNOWN_PROVIDERS.includes(provider) && !drivers.has(provider)) {
      const enabled = [...drivers.keys()].join(', ') || 'none'
      return missing(
        `The model "${name}" belongs to the provider "${provider}", which is not enabled. Enabled: ${enabled}.`,
      )
    }
    return missing(`There is no model "${name}". ${hint(name)}`)
  }

  return {
    resolve(name, within) {
      const parsed = parseWithAliases(name, targets)
      const found = within === undefined ? lookUp(parsed) : lookUpWithin(parsed, within)
      if (found) return found
      if (within === undefined) throw notFound(parsed)
      throw strange(name, within)
    },
    async list(signal) {
      return [...(await readAll(signal)).values()]
    },
    async get(id, signal, within) {
      if (!isLegalModelName(id)) throw missing('This is no legal model name. GET /v1/models lists the models.')
      const { name, progress } = parseModelName(id)
      const all = await readAll(signal)
      const direct = all.get(id) ?? all.get(progress ? `${name}${PROGRESS_SUFFIX}` : name)
      if (direct && (within === undefined || direct.provider === within)) return { ...direct, id }
      const found = within === undefined ? lookUp({ name, progress }) : lookUpWithin({ name, progress }, within)
      if (!found) throw within === undefined ? notFound({ name, progress }) : strange(id, within)
      // By a longer name than the list has: with the provider's prefix.
      const listedAs = nameFor(found.driver, found.model)
      const model = all.get(progress ? `${listedAs}${PROGRESS_SUFFIX}` : listedAs)
      if (model) return { ...model, id }
      throw missing(`The provider "${found.driver.name}" does not list "${found.model}". ${hint(name)}`)
    },
    close() {
      for (const list of lists.values()) list.close()
    },
  }
}

function strange(name: string, provider: string): GatewayError {
  return missing(`The model "${name}" is none of the provider "${provider}", to which the path is limited.`)
}

function missing(message: string): GatewayError {
  return new GatewayError('model_not_found', message, { param: 'model' })
}

function namesOf(model: Model): string[] {
  return [model.id, ...model.aliases]
}

function add(
  all: Map<string, ListedModel>,
  id: string,
  driver: Driver,
  model: Model,
  efforts: readonly string[] = [],
): void {
  const listed: ListedModel = {
    id,
    displayName: model.displayName,
    created: model.created ?? 0,
    ownedBy: OWNERS[driver.name] ?? driver.name,
    provider: driver.name,
  }
  if (model.contextWindow !== undefined) listed.contextWindow = model.contextWindow
  if (model.maxOutputTokens !== undefined) listed.maxOutputTokens = model.maxOutputTokens
  all.set(id, listed)
  const addVariant = (name: string, what: string) => {
    // A name that somebody gave to a model of its own stays that.
    const isTaken = all.has(name) && !all.get(name)?.variant
    if (!isTaken) all.set(name, { ...listed, id: name, displayName: `${model.displayName} (${what})`, variant: true })
  }
  addVariant(`${id}${PROGRESS_SUFFIX}`, 'progress')
  if (parseModelName(id).effort !== undefined) return
  for (const effort of EFFORTS) if (efforts.includes(effort)) addVariant(`${id}:${effort}`, effort)
}
