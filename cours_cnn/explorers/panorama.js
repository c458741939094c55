// Panorama : filtrer, trier, comparer des réseaux.

function trier(lignes, c, sens) {
  return [...lignes].sort((a, b) => sens * (typeof a[c] === 'string' ? a[c].localeCompare(b[c]) : a[c] - b[c]));
}

// Les réseaux qu'aucun autre ne bat à la fois par le coût (colonne c) et par l'exactitude (colonne t).
function frontiere(lignes, c, t) {
  return lignes.filter((a) => !lignes.some((b) => b[c] <= a[c] && b[t] >= a[t] && (b[c] !== a[c] || b[t] !== a[t])));
}

function monter(el, params) {
  const {colonnes, lignes} = params, maxi = (c) => Math.ceil(Math.max(...lignes.map((l) => l[c])));
  const e = {c: 2, sens: -1, p: maxi(4), ms: maxi(6), x: 1, a: 1, b: 3};
  const cadre = creer('div', {style: 'overflow-x:auto'}), vue = creer('div'), dit = creer('p', {'aria-live': 'polite'}), duel = creer('p', {'aria-live': 'polite'});
  const axes = [4, 1, 5, 6, 7], regler = (cle) => (v) => { e[cle] = v; montrer(); };
  const tetes = colonnes.map((nom, c) => bouton(nom, () => { e.sens = c === e.c ? -e.sens : -1; e.c = c; montrer(); }));
  const rangs = creer('tbody'), entete = creer('tr', {}, ...tetes.map((b) => creer('th', {scope: 'col'}, b)));
  cadre.append(creer('table', {}, creer('thead', {}, entete), rangs));

  function montrer() {
    const vus = lignes.filter((l) => l[4] <= e.p && l[6] <= e.ms), c = axes[e.x], bords = frontiere(vus, c, 2);
    [...entete.children].forEach((th, q) => q === e.c ? th.setAttribute('aria-sort', e.sens > 0 ? 'ascending' : 'descending') : th.removeAttribute('aria-sort'));
    rangs.replaceChildren(...trier(vus, e.c, e.sens).map((l) => creer('tr', {}, ...l.map((v, q) =>
      creer('td', {style: 'padding:.1rem .4rem;text-align:' + (q ? 'right' : 'left') + (bords.includes(l) && !q ? ';font-weight:700' : '')}, q ? nombre(v, 1) : v)))));
    const haut = Math.max(...vus.map((l) => l[c]), 1), x = (v) => 50 + 400 * v / haut, y = (v) => 210 - 190 * (v - 70) / 10;
    const svg = creer('svg', {viewBox: '0 0 540 250', width: 540, 'aria-hidden': 'true'});
    for (const t of [70, 75, 80]) svg.append(texte(24, y(t) + 4, t + '\u00a0%', {'font-size': 11}), creer('path', {d: 'M50 ' + y(t) + 'h400', stroke: 'currentColor', 'stroke-opacity': .2}));
    for (const l of vus) svg.append(creer('circle', {cx: x(l[c]), cy: y(l[2]), r: 5, fill: bords.includes(l) ? 'var(--vif)' : 'transparent', stroke: 'currentColor'}),
      texte(x(l[c]) + 8, y(l[2]) + 4, l[0], {'font-size': 10, 'text-anchor': 'start'}));
    svg.append(texte(250, 240, colonnes[c] + ', de 0 à ' + nombre(haut, 1), {'font-size': 11}));
    vue.replaceChildren(svg);
    dit.textContent = vus.length + ' réseau(x). Aucun autre ne fait mieux à moindre coût (' + colonnes[c] + ')\u00a0: ' + (bords.map((l) => l[0]).join(', ') || 'aucun') + '.';
    const [a, b] = [lignes[e.a], lignes[e.b]], fois = (q) => nombre(Math.max(a[q] / b[q], b[q] / a[q]), 1) + ' fois ' + (a[q] >= b[q] ? 'plus' : 'moins');
    duel.textContent = a[0] + ' contre ' + b[0] + '\u00a0: ' + nombre(Math.abs(a[2] - b[2]), 1) + ' point(s) de top-1 de ' + (a[2] >= b[2] ? 'plus' : 'moins') + ', '
      + fois(4) + ' de paramètres, ' + fois(5) + ' de MAC, ' + fois(6) + ' de temps CPU.';
  }

  const noms = lignes.map((l) => l[0]);
  el.append(creer('div', {class: 'reglages'}, glissiere('paramètres, au plus (M)', 4, e.p, e.p, regler('p')), glissiere('temps CPU, au plus (ms)', 20, e.ms, e.ms, regler('ms')),
    liste('coût en abscisse', axes.map((c) => colonnes[c]), 1, regler('x')), liste('comparer', noms, e.a, regler('a')), liste('avec', noms, e.b, regler('b'))), vue, dit, duel, cadre);
  montrer();
}
