/* Maps between the sampler's coordinates and effects, with their derivatives.
 *
 * With weight W and pull b of a level's data, its effects given the scales are about normal
 * with precision inv(A A') + W and mean its inverse times b; z is standard normal in just
 * that case. Matrices of a group have s numbers to a row, W its q. */
typedef struct {
    int64_t q, s, levels;
    const double *A, *W, *b; /* W is NULL where coordinates are the standardised effects */
    int related;             /* whether these have a prior of their own, see fields.h */
} Map;

static int64_t map_size(int64_t s) { return 5 * s * s + 4 * s; }

/* Fill the factor C of I + A' W A, r = inv(C) A' b and the standardised effects w of one
 * level; return log det C. */
static double informed(Map m, const double *W, const double *b, const double *z, double *C, double *r, double *w) {
    const int64_t q = m.q, s = m.s;
    const double *A = m.A;
    double total = 0.0;
    for (int64_t i = 0; i < q; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double value = i == j ? 1.0 : 0.0;
            for (int64_t k = i; k < q; k++) {
                double inner = 0.0;
                for (int64_t n = j; n < q; n++) inner += W[k * q + n] * A[n * s + j];
                value += A[k * s + i] * inner;
            }
            for (int64_t k = 0; k < j; k++) value -= C[i * s + k] * C[j * s + k];
            C[i * s + j] = i == j ? sqrt(value) : value / C[j * s + j];
        }
        total += m_log(C[i * s + i]);
    }
    for (int64_t i = 0; i < q; i++) {
        double value = 0.0;
        for (int64_t k = i; k < q; k++) value += A[k * s + i] * b[k];
        for (int64_t k = 0; k < i; k++) value -= C[i * s + k] * r[k];
        r[i] = value / C[i * s + i];
    }
    for (int64_t i = q - 1; i >= 0; i--) {
        double value = z[i] + r[i];
        for (int64_t k = i + 1; k < q; k++) value -= C[k * s + i] * w[k];
        w[i] = value / C[i * s + i];
    }
    return total;
}

/* Pull the derivative of w back to z and A, -log det C included. */
static void informed_gradient(Map m, const double *W, const double *b, const double *C, const double *r, const double *w,
                              const double *d_w, double *d_z, double *dA, double *room) {
    const int64_t q = m.q, s = m.s;
    const double *A = m.A;
    double *dC = room, *inner = dC + s * s, *half = inner + s * s, *back = half + s * s;
    for (int64_t i = 0; i < q; i++) {
        double value = d_w[i];
        for (int64_t k = 0; k < i; k++) value -= C[i * s + k] * d_z[k];
        d_z[i] = value / C[i * s + i];
    }
    for (int64_t i = q - 1; i >= 0; i--) {
        double value = d_z[i];
        for (int64_t k = i + 1; k < q; k++) value -= C[k * s + i] * back[k];
        back[i] = value / C[i * s + i];
    }
    for (int64_t i = 0; i < q; i++) {
        for (int64_t j = 0; j <= i; j++) {
            dC[i * s + j] = -w[i] * d_z[j] - back[i] * r[j];
            dA[i * s + j] += b[i] * back[j];
        }
        dC[i * s + i] -= 1.0 / C[i * s + i];
    }
    for (int64_t i = 0; i < q; i++)
        for (int64_t j = 0; j <= i; j++) {
            double value = 0.0;
            for (int64_t k = i; k < q; k++) value += C[k * s + i] * dC[k * s + j];
            inner[i * s + j] = inner[j * s + i] = 0.5 * value;
        }
    for (int64_t j = 0; j < q; j++)
        for (int64_t i = q - 1; i >= 0; i--) {
            double value = inner[i * s + j];
            for (int64_t k = i + 1; k < q; k++) value -= C[k * s + i] * half[k * s + j];
            half[i * s + j] = value / C[i * s + i];
        }
    for (int64_t i = 0; i < q; i++)
        for (int64_t j = q - 1; j >= 0; j--) {
            double value = half[i * s + j];
            for (int64_t k = j + 1; k < q; k++) value -= C[k * s + j] * inner[i * s + k];
            inner[i * s + j] = value / C[j * s + j];
        }
    for (int64_t i = 0; i < q; i++)
        for (int64_t j = 0; j <= i; j++) {
            double value = 0.0;
            for (int64_t k = 0; k < q; k++)
                for (int64_t n = k; n < q; n++) value += W[i * q + n] * A[n * s + k] * inner[k * s + j];
            dA[i * s + j] += 2.0 * value;
        }
}

/* effects() of a group with one term: the same formulas without matrices. */
static double scalar_effects(Map m, const double *z, double *w, double *u) {
    const double a = m.A[0];
    double total = 0.0, product = 1.0;
    for (int64_t l = 0; l < m.levels; l++) {
        const double square = 1.0 + a * a * m.W[l];
        w[l] = (z[l] * sqrt(square) + a * m.b[l]) / square;
        u[l] = a * w[l];
        total -= 0.5 * w[l] * w[l];
        product *= square;
        if (product > 1e200) {
            total -= 0.5 * m_log(product);
            product = 1.0;
        }
    }
    return total - 0.5 * m_log(product);
}

/* Return the derivative in the factor of a group with one term; fill d_z. */
static double scalar_gradient(Map m, const double *z, const double *w, const double *d_u, double *d_z) {
    const double a = m.A[0];
    double d_a = 0.0;
    SIMD_SUM(d_a)
    for (int64_t l = 0; l < m.levels; l++) {
        const double square = 1.0 + a * a * m.W[l], root = sqrt(square);
        const double d_w = a * d_u[l] - w[l], slope = a * m.W[l];
        d_z[l] = d_w / root;
        const double moved = (m.b[l] - 2.0 * slope * w[l] + z[l] * slope / root) / square;
        d_a += d_u[l] * w[l] + d_w * moved - slope / square;
    }
    return d_a;
}

/* Turn coordinates into effects u = A w; return their log-density. room: map_size(s). */
static double effects(Map m, const double *z, double *w, double *u, double *room) {
    const int64_t q = m.q, s = m.s;
    if (q == 1 && m.W) return scalar_effects(m, z, w, u);
    double *C = room, *r = room + s * s, total = 0.0;
    if (!m.W) memcpy(w, z, 8 * (size_t)(m.levels * q));
    for (int64_t l = 0; l < m.levels; l++) {
        if (m.W) total -= informed(m, m.W + l * q * q, m.b + l * q, z + l * q, C, r, w + l * q);
        for (int64_t i = 0; i < q; i++) {
            double value = 0.0;
            if (!m.related) total -= 0.5 * w[l * q + i] * w[l * q + i];
            for (int64_t j = 0; j <= i; j++) value += m.A[i * s + j] * w[l * q + j];
            u[l * q + i] = value;
        }
    }
    return total;
}

/* Pull the derivative of u back to the coordinates and to A. room: map_size(s). */
static void effects_gradient(Map m, const double *z, const double *w, const double *d_u, double *d_z, double *dA, double *room) {
    const int64_t q = m.q, s = m.s;
    if (q == 1 && m.W) {
        dA[0] += scalar_gradient(m, z, w, d_u, d_z);
        return;
    }
    double *C = room, *r = C + s * s, *d_w = r + s, *again = d_w + s, *more = again + s;
    for (int64_t l = 0; l < m.levels; l++) {
        for (int64_t j = 0; j < q; j++) {
            double pulled = m.related ? 0.0 : -w[l * q + j];
            for (int64_t i = j; i < q; i++) {
                pulled += m.A[i * s + j] * d_u[l * q + i];
                dA[i * s + j] += d_u[l * q + i] * w[l * q + j];
            }
            d_w[j] = pulled;
        }
        if (m.W) {
            const double *W = m.W + l * q * q, *b = m.b + l * q;
            informed(m, W, b, z + l * q, C, r, again);
            informed_gradient(m, W, b, C, r, again, d_w, d_z + l * q, dA, more);
        } else {
            memcpy(d_z + l * q, d_w, 8 * (size_t)q);
        }
    }
}
