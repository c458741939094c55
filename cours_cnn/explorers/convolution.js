// Convolution sur des nombres et sur une photographie : l'arithmétique de chaque sortie.

const NOYAUX = {
  'bords verticaux': [-1, 0, 1, -1, 0, 1, -1, 0, 1], 'bords horizontaux': [-1, -1, -1, 0, 0, 0, 1, 1, 1],
  'flou': Array(9).fill(1 / 9), 'netteté': [0, -1, 0, -1, 5, -1, 0, -1, 0],
  'contours': [0, 1, 0, 1, -4, 1, 0, 1, 0], 'identité': [0, 0, 0, 0, 1, 0, 0, 0, 0],
};

// Même règle que anatomy.output_size : côté n, noyau k, pas s, remplissage p, dilatation d.
function taille(n, k, s, p, d) {
  return Math.floor((n + 2 * p - d * (k - 1) - 1) / s) + 1;
}

// Les produits qui font la sortie (i, j) : [ligne, colonne, valeur lue, poids] ; hors de l'image, la valeur est 0.
function termes(x, w, i, j, s, p, d) {
  const k = Math.sqrt(w.length);
  return w.map((poids, rang) => {
    const r = i * s - p + d * Math.floor(rang / k), c = j * s - p + d * (rang % k);
    return [r, c, x[r]?.[c] ?? 0, poids];
  });
}

function sortie(x, w, i, j, s, p, d) {
  return termes(x, w, i, j, s, p, d).reduce((somme, t) => somme + t[2] * t[3], 0);
}

function carte(x, w, s, p, d) {
  const n = taille(x.length, Math.sqrt(w.length), s, p, d);
  return Array.from({length: n}, (_, i) => Array.from({length: n}, (_, j) => sortie(x, w, i, j, s, p, d)));
}

function monter(el, params) {
  const octets = atob(params.photo), cote = Math.sqrt(octets.length * 2);
  const gris = Array.from({length: cote * cote}, (_, q) => 17 * (octets.charCodeAt(q >> 1) >> (q % 2 ? 0 : 4) & 15));
  const photo = Array.from({length: cote}, (_, r) => gris.slice(r * cote, r * cote + cote));
  const entrees = [params.nombres, photo], noms = Object.keys(NOYAUX);
  const e = {mode: 0, s: 1, p: 0, d: 1, i: 0, j: 1, w: [...NOYAUX[noms[0]]]};
  const gauche = creer('div'), droite = creer('div'), dit = creer('p', {'aria-live': 'polite'});
  const cases = e.w.map((_, q) => controle('input', {type: 'number', step: 'any', style: 'width:3.4rem;padding:0 .2rem',
    'aria-label': 'poids, ligne ' + (q / 3 + 1 | 0) + ', colonne ' + (q % 3 + 1),
    input: () => { e.w[q] = +cases[q].value || 0; montrer(); }}));
  const ecrire = () => cases.forEach((c, q) => { c.value = +e.w[q].toFixed(3); });
  const regler = (cle) => (v) => { e[cle] = v; montrer(); };
  const ligne = glissiere('ligne', 0, 4, 0, regler('i')), colonne = glissiere('colonne', 0, 4, 1, regler('j'));

  function aller(i, j, n) {
    e.i = Math.max(0, Math.min(n - 1, i));
    e.j = Math.max(0, Math.min(n - 1, j));
    montrer();
  }

  // Une grille de nombres ; lus : cases sous le noyau et leur poids.
  function grille(v, p, titre, lus, clic) {
    const c = 34, n = v.length + 2 * p, svg = creer('svg', {viewBox: '0 0 ' + n * c + ' ' + n * c, width: n * c,
      role: 'img', 'aria-label': titre});
    for (let r = -p; r < n - p; r++) for (let q = -p; q < n - p; q++) {
      const dedans = v[r]?.[q] !== undefined, lu = lus.find((t) => t[0] === r && t[1] === q);
      const x = (q + p) * c, y = (r + p) * c, val = dedans ? v[r][q] : 0, poids = lu?.[3];
      svg.append(creer('g', {pointerenter: () => clic?.(r, q), click: () => clic?.(r, q)},
        creer('rect', {x, y, width: c, height: c, fill: lu ? 'var(--doux)' : 'transparent',
          stroke: 'currentColor', 'stroke-opacity': .35, 'stroke-dasharray': dedans ? '' : '2 3'}),
        texte(x + c / 2, y + (poids === undefined ? 22 : 17), nombre(val, 1), {'font-size': Math.abs(val) > 99 ? 12 : 14}),
        poids === undefined ? '' : texte(x + c / 2, y + 30, '×' + nombre(poids, 2), {'font-size': 10.5})));
    }
    return svg;
  }

  // Une image : la moyenne des gris donne le zéro quand les poids ont pour somme 0.
  function tableau(v, titre, zero, rect, clic) {
    const n = v.length, c = 240 / n, toile = creer('canvas', {width: 240, height: 240, role: 'img', 'aria-label': titre});
    const g = toile.getContext('2d'), haut = zero && Math.max(1, ...v.flat().map(Math.abs));
    v.forEach((rang, r) => rang.forEach((val, q) => {
      const t = Math.round(zero ? 127.5 + 127.5 * val / haut : val);
      g.fillStyle = 'rgb(' + t + ',' + t + ',' + t + ')';
      g.fillRect(q * c, r * c, c + .5, c + .5);
    }));
    g.strokeStyle = '#f80';
    g.lineWidth = 2.5;
    g.strokeRect(rect[1] * c, rect[0] * c, rect[2] * c, rect[2] * c);
    if (clic) for (const sorte of ['pointermove', 'pointerdown']) toile.addEventListener(sorte, (evt) => {
      const b = toile.getBoundingClientRect();
      clic(Math.floor((evt.clientY - b.top) / b.height * n), Math.floor((evt.clientX - b.left) / b.width * n));
    });
    return toile;
  }

  function montrer() {
    const x = entrees[e.mode], n = taille(x.length, 3, e.s, e.p, e.d);
    e.i = Math.min(e.i, n - 1);
    e.j = Math.min(e.j, n - 1);
    ligne.regler(n - 1, e.i);
    colonne.regler(n - 1, e.j);
    const y = carte(x, e.w, e.s, e.p, e.d), lus = termes(x, e.w, e.i, e.j, e.s, e.p, e.d), etendue = 2 * e.d + 1;
    const clic = (i, j) => (i !== e.i || j !== e.j) && aller(i, j, n);
    const titres = ['entrée et fenêtre du noyau', 'sortie, ' + n + ' × ' + n];
    const somme = Math.abs(e.w.reduce((a, b) => a + b)) < .01;
    gauche.replaceChildren('entrée ' + x.length + ' × ' + x.length, e.mode
      ? tableau(x, titres[0], false, [e.i * e.s - e.p, e.j * e.s - e.p, etendue]) : grille(x, e.p, titres[0], lus));
    droite.replaceChildren('sortie ' + n + ' × ' + n, e.mode
      ? tableau(y, titres[1], somme, [e.i, e.j, 1], clic) : grille(y, 0, titres[1], [[e.i, e.j]], clic));
    const produits = lus.map((t) => nombre(t[2], 1) + ' × ' + (t[3] < 0 ? '(' + nombre(t[3], 2) + ')' : nombre(t[3], 2)));
    dit.textContent = 'y(' + e.i + ', ' + e.j + ') = ' + produits.join(' + ') + ' = ' + nombre(y[e.i][e.j], 2);
  }

  const choisir = (v) => { e.w = [...NOYAUX[noms[v]]]; ecrire(); montrer(); };
  el.append(creer('div', {class: 'reglages'}, liste('entrée', ['nombres', 'photographie'], 0, regler('mode')),
    liste('noyau', noms, 0, choisir), glissiere('pas', 1, 3, 1, regler('s')), glissiere('remplissage', 0, 2, 0, regler('p')),
    glissiere('dilatation', 1, 2, 1, regler('d')), ligne, colonne), creer('div', {class: 'vues'}, gauche, creer('div', {}, 'noyau',
    creer('div', {style: 'display:grid;grid-template-columns:repeat(3,auto);gap:2px'}, ...cases)), droite), dit);
  ecrire();
  montrer();
}
