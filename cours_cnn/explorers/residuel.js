// Signal et gradient, couche par couche, mesurés à l'initialisation. Un caractère par valeur : log10, par sixième.

function lire(mesures) {
  return Array.from(mesures, (c) => 10 ** ((c.charCodeAt(0) - 100) / 6));
}

function monter(el, params) {
  const noms = Object.keys(params.q), e = {q: 0, r: 0, d: 2}, vue = creer('div'), dit = creer('p', {'aria-live': 'polite'});
  const puissance = (v) => v >= .01 && v < 1e4 ? nombre(v, 2) : '10^' + nombre(Math.log10(v), 1);
  const regler = (cle) => (v) => { e[cle] = v; montrer(); };

  function montrer() {
    const [ordinaire, residuel] = [0, 1].map((f) => lire(params.q[noms[e.q]][e.r][f][e.d]));
    const logs = [...ordinaire, ...residuel].map(Math.log10), bas = Math.floor(Math.min(...logs)), haut = Math.ceil(Math.max(...logs, bas + 1));
    const x = (i, t) => 44 + 320 * i / (t.length - 1), y = (v) => 170 - 160 * (Math.log10(v) - bas) / (haut - bas);
    const svg = creer('svg', {viewBox: '0 0 380 200', width: 380, 'aria-hidden': 'true'});
    for (let p = bas; p <= haut; p += Math.ceil((haut - bas) / 5)) svg.append(texte(20, y(10 ** p) + 4, '10^' + nombre(p), {'font-size': 11}),
      creer('path', {d: 'M44 ' + y(10 ** p) + 'h320', stroke: 'currentColor', 'stroke-opacity': .2}));
    [ordinaire, residuel].forEach((t, f) => svg.append(creer('path', {d: 'M' + t.map((v, i) => x(i, t) + ' ' + y(v)).join('L'),
      fill: 'none', stroke: f ? 'var(--vif)' : 'currentColor', 'stroke-width': 2, 'stroke-dasharray': f ? '' : '5 3'})));
    svg.append(texte(204, 192, 'de l\u2019entrée à la sortie', {'font-size': 11}));
    vue.replaceChildren(svg);
    const dire = (nom, t) => nom + '\u00a0: ' + puissance(t[0]) + ' au début, ' + puissance(t.at(-1)) + ' à la fin';
    dit.textContent = dire('Ordinaire (tirets)', ordinaire) + ' ; ' + dire('résiduel (trait plein)', residuel) + '.';
  }

  el.append(creer('div', {class: 'reglages'}, liste('mesure', noms, 0, regler('q')), liste('réglage', params.r, 0, regler('r')),
    liste('couches', params.d, 2, regler('d'))), vue, dit);
  montrer();
}
