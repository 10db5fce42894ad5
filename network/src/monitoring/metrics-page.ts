/** A page of metrics in Prometheus' text format (version 0.0.4), as far as it is needed to read samples. */

/** One sample; `labels` without those that tell a histogram's buckets apart are as the page has them. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const line = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
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
