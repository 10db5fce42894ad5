/** The texts of a start-up kit: the worker's configuration, with what the operator knows filled in, and what to type. */

/** What a kit says of its site. */
export interface KitSettings {
  readonly mspId: string;
  /** What the other members call the site's blob server. */
  readonly host: string;
  readonly port: number;
  /** `https://host:port` of the site's key management entity. */
  readonly kmeUrl?: string;
  readonly saeId: string;
  /** Digest of the study to join. */
  readonly study?: string;
  readonly seed: string;
}

const tlsFiles = 'certificate: tls/site.pem, privateKey: tls/site.key, ca: tls/members.pem';

/** The configuration file as fl-worker/README.md describes it. */
export const workerYaml = ({ mspId, host, port, kmeUrl, saeId, study, seed }: KitSettings): string => `# The worker of ${mspId}. File names are relative to this file; what the site has to say itself stands behind "#".
mspId: ${mspId}
profile: profile.json
state: state   # keys, outbox, blobs: on a disk of the site that is backed up
${study === undefined ? '# study: sha256:…   # digest or file of the study to join' : `study: ${study}`}
# data: { train: rows.csv, idColumn: id, consents: consents.json }   # left out by an organization that only aggregates
${kmeUrl === undefined ? `# kme: { url: "https://kme:8443", saeId: ${saeId}, ${tlsFiles} }   # left out by a site without quantum keys` : `kme: { url: "${kmeUrl}", saeId: ${saeId}, ${tlsFiles} }`}
blobServer: { host: ${host === 'localhost' ? host : '0.0.0.0'}, port: ${port}, publicUrl: "https://${host}:${port}", ${tlsFiles} }
# keyProtection: { passphraseFile: /run/credentials/epione-worker.service/passphrase }
seed: ${seed}   # fixes the order of rows
`;

/** What the site's administrator reads first. */
export const readmeText = ({ mspId, host, port }: KitSettings): string => `Start-up kit of ${mspId}

All files are for their owner only; *.key are private keys of this site. Compare the SHA-256 of SHA256SUMS
with what the operator tells you by telephone, because nothing else says that this kit is the operator's:

  sha256sum SHA256SUMS

Then, in this folder:

  fl-worker kit check .                      # every file as the operator made it
  fl-worker init --config worker.yaml        # after filling in what stands behind "#" there
  fl-worker doctor --config worker.yaml      # what keeps it from working, with remedies
  fl-worker service --config worker.yaml --user epione | sudo tee /etc/systemd/system/epione-worker.service
  sudo systemctl enable --now epione-worker

The other members reach this site at https://${host}:${port}. Everything else goes out; through a proxy with
HTTPS_PROXY=http://proxy:3128 in worker.env. trust-root.json is for fl-audit, which needs no network.
`;
