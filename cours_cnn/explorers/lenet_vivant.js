// LeNet vivant : dessiner un chiffre, voir chaque carte et les dix probabilités changer.

const FORMES = [[5, 5, 1, 6], [6], [5, 5, 6, 16], [16], [5, 5, 16, 120], [120], [120, 84], [84], [84, 10], [10]];

function octets(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

// Les poids sont écrits en demi-précision : un bit de signe, cinq d'exposant, dix de mantisse.
function demi(h) {
  const e = h >> 10 & 31, m = h & 1023, signe = h >> 15 ? -1 : 1;
  return signe * (e ? (1 + m / 1024) * 2 ** (e - 15) : m * 2 ** -24);
}

function lirePoids(base64) {
  const o = octets(base64);
  let rang = 0;
  return FORMES.map((forme) => Float32Array.from({length: forme.reduce((a, b) => a * b)},
    () => demi(o[rang++] | o[rang++] << 8)));
}

// Ajoute deux pixels de fond de chaque côté : 28 × 28 devient 32 × 32.
function border(x) {
  const y = new Float32Array(1024);
  x.forEach((v, q) => { y[(Math.floor(q / 28) + 2) * 32 + q % 28 + 2] = v; });
  return y;
}

// Probabilité d'une classe quand un carré de 7 pixels, centré tous les deux pixels, est effacé.
function occlusion(x, classe, p) {
  return Array.from({length: 256}, (_, q) => {
    const r = 2 * (q >> 4), c = 2 * (q & 15);
    const cache = x.map((v, i) => Math.abs((i >> 5) - r) <= 3 && Math.abs((i & 31) - c) <= 3 ? 0 : v);
    return cache.every((v, i) => v === x[i]) ? null : passeAvant(cache, p).out[classe];
  });
}

// Réduit 28 × 28 à 14 × 14 par moyenne, puis rend les rangs des chiffres les plus proches.
function plusProches(x, voisins, combien) {
  const petit = moyenne(x, 28, 1);
  const ecarts = voisins.map((v, rang) => [petit.reduce((s, a, i) => s + (a - v[i]) ** 2, 0), rang]);
  return ecarts.sort((a, b) => a[0] - b[0]).slice(0, combien).map((paire) => paire[1]);
}

// Comme MNIST : le dessin tient dans 20 × 20 pixels, son centre de gravité au centre de 28 × 28.
function centrer(toile) {
  const n = toile.width, a = toile.getContext('2d').getImageData(0, 0, n, n).data;
  let haut = n, bas = -1, gauche = n, droite = -1, masse = 0, mi = 0, mj = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    const v = a[4 * (i * n + j) + 3];
    if (!v) continue;
    haut = Math.min(haut, i); bas = Math.max(bas, i); gauche = Math.min(gauche, j); droite = Math.max(droite, j);
    masse += v; mi += v * (i + .5); mj += v * (j + .5);
  }
  const x = new Float32Array(784);
  if (!masse) return x;
  const f = 20 / (Math.max(bas - haut, droite - gauche) + 1), petit = creer('canvas', {width: 28, height: 28});
  const g = petit.getContext('2d');
  g.imageSmoothingQuality = 'high';
  g.drawImage(toile, 14 - f * mj / masse, 14 - f * mi / masse, n * f, n * f);
  const p = g.getImageData(0, 0, 28, 28).data;
  return x.map((_, q) => p[4 * q + 3] / 255);
}

// Peint des cartes côte à côte : rouge positif, bleu négatif ; ou en gris si borne est absente.
function peindre(toile, v, n, C, colonnes, borne) {
  const lignes = Math.ceil(C / colonnes), pas = n + 1;
  toile.width = colonnes * pas - 1; toile.height = lignes * pas - 1;
  const g = toile.getContext('2d'), pixels = g.createImageData(toile.width, toile.height), d = pixels.data;
  for (let c = 0; c < C; c++) for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    const q = 4 * ((Math.floor(c / colonnes) * pas + i) * toile.width + c % colonnes * pas + j);
    const t = v[(i * n + j) * C + c], s = borne ? Math.max(-1, Math.min(1, t / borne)) : t;
    const clair = 255 * (1 - Math.abs(s));
    d[q] = borne ? (s > 0 ? 255 - 40 * s : clair) : 255 * s;
    d[q + 1] = borne ? clair : 255 * s;
    d[q + 2] = borne ? (s < 0 ? 255 + 40 * s : clair) : 255 * s;
    d[q + 3] = 255;
  }
  g.putImageData(pixels, 0, 0);
}

function carteDe(toile, titre, largeur) {
  toile.setAttribute('role', 'img');
  toile.setAttribute('aria-label', titre);
  toile.style.cssText = 'image-rendering:pixelated;width:' + largeur + 'px';
  return creer('div', {}, titre, toile);
}

function animer(el, donnees) {
  const p = lirePoids(donnees.poids), images = octets(donnees.exemples), petits = octets(donnees.voisins);
  const exemples = donnees.classes.map((_, e) => Float32Array.from(images.slice(e * 784, e * 784 + 784), (v) => v / 255));
  const voisins = donnees.classesVoisins.map((_, e) => Float32Array.from({length: 196},
    (_, q) => (petits[e * 98 + (q >> 1)] >> (q % 2 ? 0 : 4) & 15) / 15));
  const dit = creer('p', {'aria-live': 'polite'}), raisons = creer('div', {class: 'vues'}), barres = creer('div');
  const couches = [['C1', 'c1', 28, 6, 3, 260], ['S2', 's2', 14, 6, 6, 260], ['C3', 'c3', 10, 16, 8, 260],
    ['S4', 's4', 5, 16, 8, 260], ['C5', 'c5', 1, 120, 40, 260], ['F6', 'f6', 1, 84, 42, 260]];
  const toiles = couches.map(() => creer('canvas'));
  const vue = creer('canvas'), feuille = creer('canvas', {width: 280, height: 280, role: 'img',
    'aria-label': 'feuille où dessiner un chiffre', style: 'width:224px;background:#000;touch-action:none;cursor:crosshair'});
  const encre = feuille.getContext('2d', {willReadFrequently: true});
  let x = exemples[3], vrai = donnees.classes[3], r;

  function lire() {
    const debut = performance.now();
    r = passeAvant(border(x), p);
    el.dataset.duree = performance.now() - debut;
    peindre(vue, x, 28, 1, 1);
    couches.forEach((c, i) => peindre(toiles[i], r[c[1]], c[2], c[3], c[4], 1));
    const rangs = [...r.out.keys()].sort((a, b) => r.out[b] - r.out[a]);
    const dire = (k) => k + ' (' + nombre(100 * r.out[k], 1) + '\u00a0%)';
    dit.textContent = 'Réponse\u00a0: ' + dire(rangs[0]) + ', puis ' + dire(rangs[1]) + ' et ' + dire(rangs[2]) + '.'
      + (vrai === null ? '' : ' Vraie classe\u00a0: ' + vrai + '.');
    const svg = creer('svg', {viewBox: '0 0 190 200', width: 190, role: 'img',
      'aria-label': 'Dix probabilités\u00a0: ' + [...r.out.keys()].map(dire).join(', ')});
    r.out.forEach((v, k) => svg.append(texte(8, 20 * k + 15, k), creer('rect', {x: 20, y: 20 * k + 3, height: 14,
      width: 110 * v + 1, fill: 'var(--vif)'}), texte(136, 20 * k + 15, nombre(100 * v, 1) + '\u00a0%', {'text-anchor': 'start', 'font-size': 12})));
    barres.replaceChildren('Out', svg);
    raisons.replaceChildren();
  }

  function expliquer() {
    const k = r.out.indexOf(Math.max(...r.out)), carte = occlusion(border(x), k, p);
    const gris = creer('canvas'), proches = plusProches(x, voisins, 6);
    peindre(gris, carte.map((v) => v ?? r.out[k]), 16, 1, 1);
    raisons.replaceChildren(carteDe(gris, 'occlusion', 128), ...proches.map((e) => {
      const t = creer('canvas');
      peindre(t, voisins[e], 14, 1, 1);
      return carteDe(t, 'un ' + donnees.classesVoisins[e], 70);
    }));
    const bas = Math.min(...carte.filter((v) => v !== null), r.out[k]);
    dit.textContent = 'Carte d\u2019occlusion\u00a0: en cachant un carré, la probabilité de ' + k + ' descend jusqu\u2019à '
      + nombre(100 * bas, 1) + '\u00a0%. Chiffres d\u2019entraînement les plus proches\u00a0: ' + proches.map((e) => donnees.classesVoisins[e]).join(', ') + '.';
  }

  function prendre(e) {
    encre.clearRect(0, 0, 280, 280);
    const g = creer('canvas', {width: 28, height: 28}), d = g.getContext('2d'), i = d.createImageData(28, 28);
    exemples[e].forEach((v, q) => i.data.set([255, 255, 255, 255 * v], 4 * q));
    d.putImageData(i, 0, 0);
    encre.drawImage(g, 0, 0, 280, 280);
    x = exemples[e]; vrai = donnees.classes[e];
    lire();
  }

  function tracer(evt) {
    const b = feuille.getBoundingClientRect(), f = 280 / b.width;
    const ici = [(evt.clientX - b.left) * f, (evt.clientY - b.top) * f];
    if (evt.type === 'pointerdown') { feuille.setPointerCapture(evt.pointerId); tracer.de = ici; }
    if (!evt.buttons) return;
    encre.lineWidth = 24; encre.lineCap = 'round'; encre.strokeStyle = '#fff';
    encre.beginPath(); encre.moveTo(...tracer.de); encre.lineTo(...ici); encre.stroke();
    tracer.de = ici;
    x = centrer(feuille); vrai = null;
    lire();
  }

  feuille.addEventListener('pointerdown', tracer);
  feuille.addEventListener('pointermove', tracer);
  const effacer = () => { encre.clearRect(0, 0, 280, 280); x = new Float32Array(784); vrai = null; lire(); };
  const malLus = donnees.classes.slice(10).map((c, i) => 'un ' + c + ', n° ' + (i + 1));
  el.append(creer('div', {class: 'reglages'},
    creer('div', {}, 'chiffres de test ', creer('div', {}, ...exemples.slice(0, 10).map((_, e) => bouton(e, () => prendre(e))))),
    liste('chiffres mal lus', ['choisir', ...malLus], 0, (v) => v && prendre(9 + v)),
    bouton('effacer la feuille', effacer), bouton('pourquoi cette réponse\u00a0?', expliquer)),
  creer('div', {class: 'vues'}, creer('div', {}, 'votre dessin', feuille), carteDe(vue, 'ce que lit le réseau', 84), barres), dit, raisons,
  creer('div', {class: 'vues', style: 'margin-top:.8rem'}, ...couches.map((c, i) =>
    carteDe(toiles[i], c[0] + ', ' + (c[2] > 1 ? c[3] + ' cartes ' + c[2] + ' × ' + c[2] : c[3] + ' unités'), c[5]))));
  prendre(3);
}

// Le notebook apporte les poids avec lui ; sur le site, ils sont dans un fichier, demandé quand la figure approche.
function monter(el, params) {
  if (window[params.donnees]) return animer(el, window[params.donnees]);
  const attente = creer('p', {role: 'status'}, 'Chargement du réseau…');
  el.append(attente);
  const vue = new IntersectionObserver((vus) => {
    if (!vus.some((v) => v.isIntersecting)) return;
    vue.disconnect();
    const racine = document.documentElement.dataset.content_root || '';
    document.head.append(creer('script', {src: racine + '_static/' + params.fichier,
      load: () => { attente.remove(); animer(el, window[params.donnees]); },
      error: () => { attente.textContent = 'Le réseau n\u2019est pas enregistré dans ce notebook\u00a0: exécutez la cellule.'; }}));
  }, {rootMargin: '600px'});
  vue.observe(attente);
}
