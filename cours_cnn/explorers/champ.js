// Champ récepteur : quelles unités de chaque couche, et quels pixels, une unité voit.

// « C1 11 4 v » : nom, noyau, pas, remplissage (v : aucun, s : same de Keras, ou un nombre).
function lireReseau(n, texteDesCouches) {
  return texteDesCouches.split(';').map((mots) => {
    const [nom, k, s, p] = mots.split(' '), c = {nom, k: +k, s: +s, avant: n};
    const m = p === 's' ? Math.ceil(n / c.s) : Math.floor((n + 2 * (+p || 0) - c.k) / c.s) + 1;
    c.p = p === 's' ? Math.max((m - 1) * c.s + c.k - n, 0) >> 1 : +p || 0;
    n = c.n = m;
    return c;
  });
}

// De l'unité i de la couche l jusqu'à l'image : [début, fin exclue] à chaque niveau ; le dernier est en pixels.
function fenetres(couches, l, i) {
  let a = i, b = i + 1;
  const vues = [[a, b]];
  for (let q = l; q >= 0; q--) {
    b = (b - 1) * couches[q].s - couches[q].p + couches[q].k;
    a = a * couches[q].s - couches[q].p;
    vues.push([a, b]);
  }
  return vues;
}

// Champ, écart et premier pixel de l'unité 0 d'une couche, comme receptive.Axis.
function axe(n, texteDesCouches, l) {
  const couches = lireReseau(n, texteDesCouches), [a, b] = fenetres(couches, l, 0).at(-1);
  return [b - a, couches.slice(0, l + 1).reduce((j, c) => j * c.s, 1), a];
}

function monter(el, params) {
  const noms = Object.keys(params.reseaux), niveaux = creer('div', {class: 'vues'}), dit = creer('p', {'aria-live': 'polite'});
  const e = {r: 1, l: 4, i: 6, j: 6};
  let couches, cote;
  const couche = glissiere('couche', 1, 5, 5, (v) => { const m = couches[v - 1].n >> 1; Object.assign(e, {l: v - 1, i: m, j: m}); montrer(); });
  const ligne = glissiere('ligne', 0, 12, 6, (v) => { e.i = v; montrer(); });
  const colonne = glissiere('colonne', 0, 12, 6, (v) => { e.j = v; montrer(); });

  // Un carré de côté t pour une carte n × n, et la région vue ; ce qui déborde est du remplissage.
  function carre(nom, n, t, vi, vj, clic) {
    const f = t / n, m = t / 8, svg = creer('svg', {width: t + 2 * m, height: t + 2 * m, viewBox: [-m, -m, t + 2 * m, t + 2 * m].join(' '),
      style: clic ? 'cursor:pointer' : '', 'aria-hidden': 'true'},
    creer('rect', {width: t, height: t, fill: 'transparent', stroke: 'currentColor', 'stroke-opacity': .5}));
    if (vi) svg.append(creer('rect', {x: vj[0] * f, y: vi[0] * f, width: Math.max(1.5, (vj[1] - vj[0]) * f),
      height: Math.max(1.5, (vi[1] - vi[0]) * f), fill: 'var(--doux)', stroke: 'var(--vif)', 'stroke-width': 1.5}));
    if (clic) svg.addEventListener('pointerdown', (evt) => {
      const b = svg.getBoundingClientRect(), place = (d) => Math.max(0, Math.min(n - 1, Math.floor((d / b.width * (t + 2 * m) - m) / f)));
      clic(place(evt.clientY - b.top), place(evt.clientX - b.left));
    });
    return creer('div', {style: 'text-align:center;font-size:.78rem;line-height:1.2'}, svg, nom, creer('br'), n + ' × ' + n);
  }

  function changer(r) {
    e.r = r;
    [cote, couches] = [params.reseaux[noms[r]][0], lireReseau(...params.reseaux[noms[r]])];
    e.l = Math.min(e.l, couches.length - 1);
    e.i = e.j = couches[e.l].n >> 1;
    montrer();
  }

  function montrer() {
    const n = couches[e.l].n, vi = fenetres(couches, e.l, e.i), vj = fenetres(couches, e.l, e.j);
    couche.regler(couches.length, e.l + 1);
    ligne.regler(n - 1, e.i);
    colonne.regler(n - 1, e.j);
    const choisir = (l) => (i, j) => { Object.assign(e, {l, i, j}); montrer(); };
    niveaux.replaceChildren(carre('image', cote, 150, vi.at(-1), vj.at(-1)),
      ...couches.map((c, l) => carre(c.nom, c.n, 46, vi[e.l - l], vj[e.l - l], choisir(l))));
    const borne = (v) => [Math.max(0, v[0]), Math.min(cote, v[1]) - 1], [h, b] = borne(vi.at(-1)), [g, d] = borne(vj.at(-1));
    const r = vi.at(-1)[1] - vi.at(-1)[0], dehors = r > b - h + 1 || r > d - g + 1;
    dit.textContent = noms[e.r] + ', ' + couches[e.l].nom + ', unité (' + e.i + ', ' + e.j + ')\u00a0: champ récepteur ' + r + ' × ' + r
      + ', lignes ' + h + ' à ' + b + ', colonnes ' + g + ' à ' + d + ' de l\u2019image' + (dehors ? ' ; le reste est du remplissage.' : '.');
  }

  el.append(creer('div', {class: 'reglages'}, liste('réseau', noms, 1, changer), couche, ligne, colonne), niveaux, dit);
  changer(1);
}
