// What the service managers of Linux and macOS are told. Pure.

export type ServiceFacts = {
  /** The program and its arguments. */
  command: readonly string[]
  /** Where it finds the CLIs. */
  path: string
  /** Where it may write, beside temporary folders: its state, and the homes of the CLIs. */
  writable: readonly string[]
  /** The file that its output goes to (macOS). */
  log: string
  /** Seconds that running answers get before it is killed. */
  graceSeconds: number
}

/** A unit of systemd for one user. The CLIs write into their own homes, so that these stay open; the rest is read-only. */
export function systemdUnit({ command, path, writable, graceSeconds }: ServiceFacts): string {
  return `[Unit]
Description=cligate: one gate to the AI command-line tools
After=network-online.target

[Service]
ExecStart=${command.map(systemdWord).join(' ')}
Environment=${systemdWord(`PATH=${path}`)}
# Else the CLIs' processes would be ended together with it, and the answers that it still wants to finish with them.
KillMode=mixed
TimeoutStopSec=${graceSeconds}
Restart=on-failure
RestartSec=2
UMask=0077
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
ReadWritePaths=${writable.map((folder) => systemdWord(`-${folder}`)).join(' ')}
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=default.target
`
}

/** systemd.service(5): quotes, backslashes, the specifiers of % and the variables of $ have a meaning. */
function systemdWord(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /[\s"';]/.test(word) ? `"${escaped}"` : escaped
}

/** A launch agent of macOS. */
export function launchAgent({ command, path, log }: ServiceFacts): string {
  const text = (value: string) => `<string>${xml(value)}</string>`
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>${text(LAUNCH_LABEL)}
  <key>ProgramArguments</key><array>${command.map(text).join('')}</array>
  <key>EnvironmentVariables</key><dict><key>PATH</key>${text(path)}</dict>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key>${text(log)}
  <key>StandardErrorPath</key>${text(log)}
</dict>
</plist>
`
}

export const LAUNCH_LABEL = 'dev.cligate'

const xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
