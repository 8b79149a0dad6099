// Whether a text speaks for the client, or is about such a text: a prompt that somebody wants explained defines no tools.

/** What the person wants, in the wrapping of such a client. */
const TASK = /<(task|user_message|environment_details)>[^<]{0,400}(?:<\/\1>|$)/g

/** Looked at from the beginning of a text, and back from its end. */
const WINDOW = 400

const ASSIGNMENT =
  /^\s*(?:<[a-z_]{1,32}>\s*)?(?:#{1,3} )?(?:you are|you're|act as|system:|system prompt:?\s*you are|=+|\[system)/i
const QUESTION =
  /\b(?:explain|summari[sz]e|review|critique|translate|describe|analy[sz]e|compare|proofread|shorten|rewrite|improve|refactor|convert|classify|rate|audit|simplify|paraphrase|parse|extract|count|check|fix|debug|document)\b|\b(?:what|how|why|which|where|who|when|does|do|is|are|can|could|should|would)\b[^?\n]{1,300}\?/i
/** That the question is about what stands below it. */
const POINTER =
  /\b(?:this|these|that|it|following|below|attached|prompts?|text|docs?|documentation|article|instructions|page|readme)\b|:\s*$/i
const HANDED_OVER =
  /\b(?:here(?:['’]s| is| are)|this is|below (?:is|are)|the following|i (?:found|read|saw|have|wrote|am writing|copied|pasted)|from (?:the )?(?:docs|documentation|readme|article|blog|source|leak)|see (?:below|this)|attached)\b/i
const ABOUT_IT =
  /\b(?:explain|summari[sz]e|review|critique|translate|analy[sz]e|rewrite|improve|shorten|compare|what|how|why|which|does|is|are)\b[^\n]{0,120}\b(?:(?:this|the|that|above|whole) (?:system )?prompt|(?:text|article|docs?|documentation|excerpt|instructions) above|above (?:text|article|docs?|documentation|excerpt|instructions|prompt))\b/i
/** A bot that answers from papers. Roles of clients' own modes ("a technical writer") are not meant. */
const REFERENCE =
  /\b(?:using|based (?:only )?on|from|about|with|in) the (?:\w+ )?(?:documentation|docs|articles?|reference|manual|excerpts?|knowledge base|wiki|context|sources?|pages?|material)\b[^.\n]{0,60}\b(?:below|following|provided|above|here)\b|\b(?:below|following|here) (?:is|are) (?:an? |the |some )?(?:\w+ ){0,3}(?:documentation|docs|articles?|reference|manual|excerpts?|knowledge base|wiki|transcript|system prompt)\b|\b(?:documentation|docs|articles?|reference|manual|excerpts?|wiki page)\b[^.\n]{0,30}(?:below|follows|:\s*$)/im
/** A prompt that begins behind words of somebody else's. */
const EMBEDDED = /\n\s*(?:you are|you're)\b/i
const WORDS = /[a-z]{2,}[^\n<>]*\s[a-z]{2,}/i
const WORK =
  /\b(?:rate|judge|review|evaluate|analy[sz]e|improve|rewrite|translate|summari[sz]e|optimi[sz]e|audit|classify|grade|compress|critique)\b/i
const CLIENT_DOES =
  /\b(?:cline|roo(?: code)?|kilo(?: code)?) (?:has|uses|can|provides|offers|supports|comes|asks|sends|reads|formats|describes|includes|will|defines|exposes)\b/i
const ADDRESS = /\byou(?: are |['’]re )(?:an? |cline|roo|kilo)|\byou (?:have access to|must|can use|will be given)\b/i
const CODE_LINE =
  /^[ \t]{0,12}(?:import [\w{*]|export (?:const|function|default|async|type|class)|const \w+ ?[=:]|let \w+ ?=|function \w+\(|def \w+\(|class \w+|public |private |return [`"'(]|#include|package \w|from \w+ import )/gm

const OTHERS = 0.35

/** 1 for a text of the client's own, less for one that hands over somebody else's. */
export function voiceOf(text: string, role: 'system' | 'user'): number {
  const beginning = text.slice(0, WINDOW)
  if (isThirdPerson(text)) return OTHERS
  if (role === 'system') return REFERENCE.test(beginning) ? OTHERS : 1
  const end = text.length > WINDOW ? text.slice(-WINDOW) : ''
  if (ABOUT_IT.test(end) || isSource(text)) return OTHERS
  if (ASSIGNMENT.test(beginning)) return 1
  const intro = introOf(text.slice(0, 2 * WINDOW))
  const asked = (QUESTION.test(intro) && POINTER.test(intro)) || HANDED_OVER.test(intro)
  return asked || (WORDS.test(intro) && EMBEDDED.test(text.slice(0, 2 * WINDOW))) ? OTHERS : 1
}

/** Whether this system prompt is for a model that works on prompts: what its user sends is such a work. */
export function worksOnPrompts(system: string): boolean {
  const beginning = system.slice(0, 2 * WINDOW)
  return /\bprompts?\b/i.test(beginning) && WORK.test(beginning)
}

/** Speaks of such a client, and to nobody. */
const isThirdPerson = (text: string) => CLIENT_DOES.test(text) && !ADDRESS.test(text)

/** What is said before the first heading or rule, but for the task that a client wraps. */
function introOf(text: string): string {
  const beginning = text.replace(TASK, '')
  const end = beginning.search(/^(?:#{1,4} |\*\*|={3,}|-{3,}|TOOL)/m)
  return end < 0 ? beginning : beginning.slice(0, end)
}

/** The source of a program that builds such a prompt: code around it, and placeholders in it. */
function isSource(text: string): boolean {
  let lines = 0
  CODE_LINE.lastIndex = 0
  while (lines < 4 && CODE_LINE.test(text)) lines += 1
  return lines >= 4 && text.split('${', 3).length === 3
}
