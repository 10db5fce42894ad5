/** A page of metrics in Prometheus' text format (version 0.0.4). */

/** A metric with its samples; a `value` that is undefined is left out. */
export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One line. */
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number | undefined }[];
}

// The format escapes what JSON escapes the same way; other control characters do not occur in our labels.
function labelled(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** The page of these metrics. */
export function writePage(metrics: readonly Metric[]): string {
  const lines = metrics.flatMap(({ name, type, help, samples }) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.flatMap(({ labels = {}, value }) => (value === undefined ? [] : [`${name}${labelled(labels)} ${value}`])),
  ]);
  return `${lines.join('\n')}\n`;
}
