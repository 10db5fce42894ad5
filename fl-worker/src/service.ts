/** The systemd unit under which a worker runs as a service that can do little else (systemd.exec(5), systemd.service(5), systemd.resource-control(5)). */
import { basename, dirname, join } from 'node:path';
import type { WorkerConfig } from './config.js';

/** What the unit has to be told besides the configuration. All paths absolute. */
export interface ServiceSetting {
  readonly configFile: string;
  /** Who the worker runs as. */
  readonly user: string;
  /** The Node binary and the program that it runs. */
  readonly node: string;
  readonly program: string;
}

/** The unit's name; systemd hands its credentials over in a folder of this name. */
export const unitName = 'epione-worker.service';
const credentialFolder = `/run/credentials/${unitName}`;

/** Words as systemd takes them: in quotes, with its specifiers and variables doubled. */
const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/%/g, '%%').replace(/\$/g, '$$$$')}"`;
/** A path in a setting that takes one path, spaces and all. */
const bare = (text: string): string => text.replace(/%/g, '%%');

/** Secrets that systemd hands over, readable by the service alone. */
function credentials({ keyProtection }: WorkerConfig, folder: string): string[] {
  const files = keyProtection === undefined ? [] : 'pkcs11' in keyProtection ? [keyProtection.pkcs11.pinFile] : Object.values(keyProtection);
  return files.filter((file) => dirname(file) === credentialFolder).map((file) => `LoadCredential=${basename(file)}:${bare(join(folder, basename(file)))}`);
}

/**
 * The unit file. The worker ends by itself when its study is over (exit code 0), and must not be started again when it is
 * misused (2), refused by the members' rules (3) or not authorised (4); everything else is worth another try.
 */
export function serviceUnit(config: WorkerConfig, { configFile, user, node, program }: ServiceSetting): string {
  const folder = dirname(configFile);
  const usesToken = config.keyProtection !== undefined && 'pkcs11' in config.keyProtection;
  return `${[
    `# Written by fl-worker service. Keep it as /etc/systemd/system/${unitName}.`,
    '[Unit]',
    `Description=Epione worker of ${config.mspId}`,
    'Wants=network-online.target',
    'After=network-online.target time-sync.target',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${quoted(node)} ${quoted(program)} run --config ${quoted(configFile)} --json`,
    `User=${user}`,
    '# All threads take their memory from one pool, which saves about 10 MB; worker.env may say otherwise.',
    'Environment=MALLOC_ARENA_MAX=1',
    `EnvironmentFile=-${bare(join(folder, 'worker.env'))}`,
    ...credentials(config, folder),
    'Restart=on-failure',
    'RestartSec=10',
    'RestartPreventExitStatus=2 3 4',
    'KillSignal=SIGTERM',
    'TimeoutStopSec=120',
    'UMask=0077',
    `Nice=${config.limits?.nice ?? 5}`,
    ...(config.limits?.memoryMb === undefined ? [] : [`MemoryMax=${config.limits.memoryMb}M`, 'MemorySwapMax=0']),
    ...(config.limits?.cpuThreads === undefined ? [] : [`CPUQuota=${100 * config.limits.cpuThreads}%`]),
    'NoNewPrivileges=yes',
    'CapabilityBoundingSet=',
    'ProtectSystem=strict',
    'ProtectHome=read-only',
    `ReadWritePaths=${quoted(config.state)}`,
    'PrivateTmp=yes',
    `PrivateDevices=${usesToken ? 'no' : 'yes'}`,
    'ProtectKernelTunables=yes',
    'ProtectKernelModules=yes',
    'ProtectKernelLogs=yes',
    'ProtectControlGroups=yes',
    'ProtectClock=yes',
    'ProtectHostname=yes',
    'RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX',
    'RestrictNamespaces=yes',
    'RestrictRealtime=yes',
    'RestrictSUIDSGID=yes',
    'LockPersonality=yes',
    'SystemCallArchitectures=native',
    'SystemCallFilter=@system-service',
    '# No MemoryDenyWriteExecute: the engines of JavaScript and WebAssembly compile while they run.',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n')}\n`;
}
