// x : n × n × C valeurs à la suite ; w : k × k × C × M poids, dans l'ordre de Keras ; b : M biais.
function convolution(x, n, C, w, b, k) {
  const M = b.length, m = n - k + 1, y = new Float32Array(m * m * M);
  for (let i = 0; i < m; i++) for (let j = 0; j < m; j++) for (let o = 0; o < M; o++) {
    let somme = b[o];
    for (let u = 0; u < k; u++) for (let v = 0; v < k; v++) for (let c = 0; c < C; c++)
      somme += x[((i + u) * n + j + v) * C + c] * w[((u * k + v) * C + c) * M + o];
    y[(i * m + j) * M + o] = Math.tanh(somme);
  }
  return y;
}
function moyenne(x, n, C) {
  const m = n / 2, y = new Float32Array(m * m * C);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let c = 0; c < C; c++)
    y[((i >> 1) * m + (j >> 1)) * C + c] += x[(i * n + j) * C + c] / 4;
  return y;
}
function dense(x, w, b) {
  return b.map((biais, o) => x.reduce((somme, valeur, i) => somme + valeur * w[i * b.length + o], biais));
}
function softmax(z) {
  const e = z.map((v) => Math.exp(v - Math.max(...z))), total = e.reduce((a, v) => a + v);
  return e.map((v) => v / total);
}
function passeAvant(image, p) {
  const c1 = convolution(image, 32, 1, p[0], p[1], 5), s2 = moyenne(c1, 28, 6);
  const c3 = convolution(s2, 14, 6, p[2], p[3], 5), s4 = moyenne(c3, 10, 16);
  const c5 = convolution(s4, 5, 16, p[4], p[5], 5), f6 = dense(c5, p[6], p[7]).map(Math.tanh);
  return {c1, s2, c3, s4, c5, f6, out: softmax(dense(f6, p[8], p[9]))};
}
