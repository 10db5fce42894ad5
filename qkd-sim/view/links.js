// The element <qkd-links src="…">: asks a site for its links each second and shows them; other pages may embed it.
const PERIOD_MS = 1000;
const SAMPLES = 120;

const percent = (share) => (share === undefined ? '–' : `${(100 * share).toFixed(2)} %`);
const rate = (bps) => (bps === undefined ? '–' : bps < 1e6 ? `${(bps / 1e3).toFixed(1)} kb/s` : `${(bps / 1e6).toFixed(2)} Mb/s`);
const loss = ({ lossDb, fiberKm }) => (lossDb === undefined ? '–' : `${lossDb.toFixed(1)} dB${fiberKm === undefined ? '' : `, ${fiberKm} km`}`);

/** An element with text or children; text is never parsed, so that no name can inject anything. */
const make = (name, attributes, ...children) => {
  const svg = ['svg', 'line', 'polyline', 'title'].includes(name);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};

/** The error rate over the last samples, with the limit above which the link stops. */
const curve = (history, maxQber) => {
  const top = Math.max(1.2 * (maxQber ?? 0), ...history, 1e-3);
  const y = (value) => 40 - (40 * value) / top;
  const points = history.map((value, index) => `${(index * 100) / (SAMPLES - 1)},${y(value)}`).join(' ');
  const limit = maxQber === undefined ? [] : [make('line', { class: 'limit', x1: 0, x2: 100, y1: y(maxQber), y2: y(maxQber) })];
  return make('svg', { viewBox: '0 0 100 40', preserveAspectRatio: 'none', role: 'img' }, make('title', {}, `QBER of the last ${history.length} samples`), ...limit, make('polyline', { class: 'curve', points }));
};

const card = (link, history) => {
  const rows = [
    ['QBER', `${percent(link.qber)}${link.maxQber === undefined ? '' : ` (limit ${(100 * link.maxQber).toFixed(0)} %)`}`],
    ['Secret key', rate(link.keyRateBps)],
    ['Keys ready', `${link.storedKeys} out, ${link.peerStoredKeys} in`],
    ['Loss', loss(link)],
    ['Blocks', `${link.blocks}, ${link.aborts} refused, ${link.drops} lost`],
    ...(link.eve === undefined || link.eve.attack === 'off' ? [] : [['Eve', link.eve.attack]]),
  ];
  return make('section', { class: 'link', 'data-state': link.state, 'data-link': link.name },
    make('h2', {}, `${link.name} – ${link.peerKmeId}`, make('span', { class: 'state' }, link.state)),
    ...(link.reason === undefined ? [] : [make('p', { class: 'reason', role: 'alert' }, link.reason)]),
    make('dl', {}, ...rows.flatMap(([term, text]) => [make('dt', {}, term), make('dd', {}, text)])),
    curve(history, link.maxQber));
};

class QkdLinks extends HTMLElement {
  #histories = new Map();
  #timer;

  connectedCallback() {
    void this.#show();
    this.#timer = setInterval(() => void this.#show(), PERIOD_MS);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  async #show() {
    try {
      const { site, kmeId, links } = await (await fetch(this.getAttribute('src') ?? 'links.json')).json();
      for (const { name, qber } of links) {
        const history = this.#histories.get(name) ?? [];
        this.#histories.set(name, qber === undefined ? history : [...history, qber].slice(-SAMPLES));
      }
      this.replaceChildren(make('h1', {}, `${site} (${kmeId})`), make('div', { class: 'links' }, ...links.map((link) => card(link, this.#histories.get(link.name)))));
    } catch {
      if (this.querySelector('.stale') === null) this.prepend(make('p', { class: 'stale', role: 'status' }, 'The site does not answer; what follows is old.'));
    }
  }
}
customElements.define('qkd-links', QkdLinks);
