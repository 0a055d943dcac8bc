/* W4 and W6: softmax cross-entropy of an MLP INPUTS-WIDTH-CLASSES over SAMPLES rows, forward, backward and SGD, by hand.
   TANH: tanh, else relu. x: [INPUTS][PADDED], y: [CLASSES][PADDED] one-hot, all 0 for the padding. */
#include "lanes.h"

#define PADDED (UP(SAMPLES) * LANES)

enum { W0 = 0, B0 = INPUTS * WIDTH, W1 = B0 + WIDTH, B1 = W1 + WIDTH * CLASSES, PARAMS = B1 + CLASSES };

double value_and_grad(const double *p, const double *x, const double *y, double *g) {
    enum { n = PADDED };
    static ALIGNED double h[WIDTH * n], dh[WIDTH * n], q[CLASSES * n];
    ALIGNED double largest[n], sum[n], loss = 0;
    product(WIDTH, INPUTS, n, p + W0, INPUTS, 1, x, h, p + B0, 0);
#ifdef TANH
    for (int i = 0; i < WIDTH * n; i++) h[i] = tanh(h[i]);
#else
    for (int i = 0; i < WIDTH * n; i++) h[i] = h[i] > 0 ? h[i] : 0;
#endif
    product(CLASSES, WIDTH, n, p + W1, WIDTH, 1, h, q, p + B1, 0);

    for (int i = 0; i < n; i++) largest[i] = q[i], sum[i] = 0;
    for (int c = 1; c < CLASSES; c++)
        for (int i = 0; i < n; i++) largest[i] = q[c * n + i] > largest[i] ? q[c * n + i] : largest[i];
    for (int c = 0; c < CLASSES; c++)
        for (int i = 0; i < n; i++) {
            double z = q[c * n + i] - largest[i];
            loss -= y[c * n + i] * z;
            q[c * n + i] = exp(z);
            sum[i] += q[c * n + i];
        }
    for (int i = 0; i < n; i++) {
        loss += i < SAMPLES ? log(sum[i]) : 0;
        sum[i] = i < SAMPLES ? 1 / sum[i] : 0;
    }
    for (int c = 0; c < CLASSES; c++) /* from here q is the gradient of the logits */
        for (int i = 0; i < n; i++) q[c * n + i] = (q[c * n + i] * sum[i] - y[c * n + i]) * (1.0 / SAMPLES);

    product(WIDTH, CLASSES, n, p + W1, 1, WIDTH, q, dh, 0, 0);
#ifdef TANH
    for (int i = 0; i < WIDTH * n; i++) dh[i] *= 1 - h[i] * h[i];
#else
    for (int i = 0; i < WIDTH * n; i++) dh[i] = h[i] > 0 ? dh[i] : 0;
#endif
    memset(g, 0, PARAMS * sizeof(double));
    contract(CLASSES, WIDTH, n, q, h, g + W1, WIDTH);
    contract(WIDTH, INPUTS, n, dh, x, g + W0, INPUTS);
    total(CLASSES, n, q, g + B1);
    total(WIDTH, n, dh, g + B0);
    return loss / SAMPLES;
}

double train(double *p, const double *x, const double *y, double lr, long steps) {
    static double g[PARAMS];
    double loss = 0;
    for (long t = 0; t < steps; t++) {
        loss = value_and_grad(p, x, y, g);
        for (int i = 0; i < PARAMS; i++) p[i] -= lr * g[i];
    }
    return loss;
}
