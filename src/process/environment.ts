// What a child gets to see of this process's environment: an allow-list. CLIs change their behaviour on some 1,500
// variables (Claude Code 2.1.329 alone), and secrets of other programs are none of their business.

const ALWAYS = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'https_proxy',
  'http_proxy',
  'no_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
]

/**
 * The environment of a child: the basics (path, home, locale, time zone, proxies, certificates), the names in `allow`, and
 * `extra`, which wins. Nothing else of `source` gets through.
 */
export function childEnvironment(
  source: Record<string, string | undefined>,
  allow: readonly string[],
  extra: Record<string, string> = {},
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const name of [...ALWAYS, ...allow]) {
    const value = Object.hasOwn(source, name) ? source[name] : undefined
    if (value !== undefined) environment[name] = value
  }
  return { ...environment, ...extra }
}
