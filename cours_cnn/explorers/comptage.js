// Empiler des couches : paramètres, multiplications et champ récepteur, couche par couche.

const ESPECES = ['convolution 1 × 1', 'convolution 3 × 3', 'convolution 5 × 5', 'convolution 7 × 7', 'convolution 11 × 11',
  'pooling 2 × 2', 'pooling 3 × 3'];
const COTES = [7, 14, 28, 32, 56, 112, 224, 227], CANAUX = [1, 3, 16, 32, 64, 96, 128, 192, 256, 512];
const MODELES = {'un 5 × 5': [2], 'deux 3 × 3': [1, 1], 'un 7 × 7': [3], 'trois 3 × 3': [1, 1, 1]};

function noyau(espece) {
  return [1, 3, 5, 7, 11, 2, 3][espece];
}

// couches : {espece, m cartes, s pas, same} ; rend une ligne par couche, ou null si un noyau dépasse sa carte.
function compter(n, C, couches) {
  let champ = 1, ecart = 1;
  const lignes = [];
  for (const c of couches) {
    const k = noyau(c.espece), conv = c.espece < 5, M = conv ? c.m : C;
    if (!c.same && n < k) return null;
    n = c.same ? Math.ceil(n / c.s) : Math.floor((n - k) / c.s) + 1;
    champ += (k - 1) * ecart;
    ecart *= c.s;
    const poids = conv ? k * k * C * M : 0;
    lignes.push({n, M, champ, parametres: poids + (conv ? M : 0), macs: poids * n * n, valeurs: n * n * M});
    C = M;
  }
  return lignes;
}

function monter(el, params) {
  const e = {n: COTES.indexOf(params.cote), C: CANAUX.indexOf(params.canaux), espece: 1, m: 4, s: 1, same: 1,
    couches: params.couches};
  const tableau = creer('div', {style: 'overflow-x:auto', tabindex: 0, role: 'group', 'aria-label': 'tableau des couches'});
  const dit = creer('p', {'aria-live': 'polite'});
  const regler = (cle) => (v) => { e[cle] = v; montrer(); };
  const poser = (couches) => { e.couches = couches; montrer(); };
  const somme = (lignes, cle) => lignes.reduce((t, l) => t + l[cle], 0);

  function montrer() {
    const lignes = compter(COTES[e.n], CANAUX[e.C], e.couches);
    if (!lignes) {
      e.couches = e.couches.slice(0, -1);
      montrer();
      dit.textContent = 'Cette couche ne tient pas : son noyau dépasse la carte. ' + dit.textContent;
      return;
    }
    const total = [somme(lignes, 'parametres'), somme(lignes, 'macs'), somme(lignes, 'valeurs')];
    const rang = (type, cases) => creer('tr', {}, ...cases.map((c, i) =>
      creer(type, i ? {style: 'text-align:right;padding:0 .4rem'} : {style: 'text-align:left;padding-right:.4rem'}, c)));
    tableau.replaceChildren(creer('table', {}, creer('thead', {},
      rang('th', ['couche', 'sortie', 'champ', 'paramètres', 'MAC', 'activations'])), creer('tbody', {},
      ...lignes.map((l, i) => rang('td', [ESPECES[e.couches[i].espece] + (e.couches[i].s > 1 ? ', pas ' + e.couches[i].s : ''),
        l.n + ' × ' + l.n + ' × ' + l.M, l.champ + ' × ' + l.champ, nombre(l.parametres), nombre(l.macs), nombre(l.valeurs)])),
      rang('td', ['total', '', '', ...total.map((t) => nombre(t))]))));
    dit.textContent = e.couches.length + ' couche(s)\u00a0: champ récepteur ' + (lignes.length ? lignes.at(-1).champ : 1) + ', '
      + nombre(total[0]) + ' paramètres, ' + nombre(total[1]) + ' MAC, ' + nombre(total[2]) + ' activations.';
  }

  const couche = (espece) => ({espece, m: CANAUX[e.m], s: [1, 2, 4][e.s - 1], same: e.same});
  el.append(creer('div', {class: 'reglages'}, liste('côté de l\u2019entrée', COTES, e.n, regler('n')),
    liste('cartes d\u2019entrée', CANAUX, e.C, regler('C')), ...Object.entries(MODELES).map(([nom, especes]) =>
      bouton(nom, () => poser(especes.map((q) => ({...couche(q), s: 1, same: 1})))))),
  creer('div', {class: 'reglages'}, liste('couche suivante', ESPECES, 1, regler('espece')),
    liste('ses cartes', CANAUX, 4, regler('m')), liste('pas', [1, 2, 4], 0, (v) => { e.s = v + 1; }),
    liste('remplissage', ['valid', 'same'], 1, regler('same')),
    bouton('ajouter', () => poser([...e.couches, couche(e.espece)])),
    bouton('retirer la dernière', () => poser(e.couches.slice(0, -1)))), tableau, dit);
  montrer();
}
