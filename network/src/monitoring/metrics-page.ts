/** A page of metrics in Prometheus' text format (version 0.0.4): reading samples from it, and writing one. */

/** One sample of a metric. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with its samples; a `value` that is undefined is left out. */
export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  /** One line. */
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number | undefined }[];
}

const line = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (NaN|[+-]Inf|[+-]?[\d.]\S*)/;
const label = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const infinite: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity };

/** Every sample of a page; lines that are none are passed over. */
export function readSamples(page: string): Sample[] {
  return page.split('\n').flatMap((text) => {
    const [, name, labels = '', value = ''] = line.exec(text) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(label)].map(([, key = '', quoted = '']) => [key, JSON.parse(`"${quoted}"`) as string]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: infinite[value] ?? Number(value) }];
  });
}

/** Sum of the samples of a name that carry these labels; undefined when there is none. */
export function total(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = samples.filter((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value));
  return wanted.length === 0 ? undefined : wanted.reduce((sum, { value }) => sum + value, 0);
}

// The format escapes what JSON escapes the same way; other control characters do not occur in our labels.
const labelled = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** The page of these metrics. */
export function writePage(metrics: readonly Metric[]): string {
  return metrics
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.flatMap(({ labels = {}, value }) => (value === undefined ? [] : [`${name}${labelled(labels)} ${value}`])),
    ])
    .map((text) => `${text}\n`)
    .join('');
}
