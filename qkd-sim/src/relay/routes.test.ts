/** The routes of a topology. */
import { expect } from 'chai';
import { routesOf } from './routes.js';

const site = (name: string, sae = true) => ({ site: name, kmeId: `kme-${name}`, saeIds: sae ? [`sae-${name}`] : [] });

describe('routes', () => {
  const sites = [site('a'), site('t', false), site('u', false), site('b')];
  const links = [['a', 't'], ['t', 'b'], ['a', 'u'], ['u', 'b']] as const;

  it('lead both ways over the same nodes, in the same order of paths', () => {
    const routes = routesOf(sites, links, 2);
    expect(routes.get('a')).deep.equal([{ kmeId: 'kme-b', saeIds: ['sae-b'], paths: [['kme-a', 'kme-t', 'kme-b'], ['kme-a', 'kme-u', 'kme-b']] }]);
    expect(routes.get('b')).deep.equal([{ kmeId: 'kme-a', saeIds: ['sae-a'], paths: [['kme-b', 'kme-t', 'kme-a'], ['kme-b', 'kme-u', 'kme-a']] }]);
    expect(routes.get('t')).deep.equal([]);
  });

  it('are none where there is a link, or no way', () => {
    expect(routesOf(sites, [...links, ['b', 'a']], 2).get('a')).deep.equal([]);
    expect(routesOf(sites, links.slice(0, 1), 2).get('a')).deep.equal([]);
  });
});
