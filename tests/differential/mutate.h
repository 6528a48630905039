/*
 * tests/differential/mutate.h - random mutations of a case.
 *
 * What chance does to a case.
 *
 * Each change says in the case's mutation what it was. Those of one blob serve twice: on signed
 * bytes, where a signature breaks, and on bytes that an authority of the run signs afterwards
 * (tests/differential/authority.h).
 */
#ifndef ASSAY_TESTS_DIFFERENTIAL_MUTATE_H
#define ASSAY_TESTS_DIFFERENTIAL_MUTATE_H

#include "tests/differential/case.h"

/* One or two changes to a case of the vectors, or to one of an authority. */
void diff_mutate(struct diff_case *c, const struct diff_base *base, const struct diff_bases *all,
                 struct diff_random *random);

/* A flipped bit, a byte, a run of bytes taken out, put in, or repeated, within [from, to). */
void diff_change_bytes(struct diff_case *c, struct diff_blob *blob, size_t from, size_t to,
                       struct diff_random *random);
/* A member, a value, white space, a number, a key of a JSON text. */
void diff_change_json(struct diff_case *c, struct diff_blob *text, struct diff_random *random);
/* A tag, a length, a value, a value too many or too few of DER. */
void diff_change_der(struct diff_case *c, struct diff_blob *der, struct diff_random *random);
/* Certificates in another order, missing, twice, foreign, or text around them. */
void diff_change_pem(struct diff_case *c, struct diff_blob *pem, const struct diff_bases *all,
                     struct diff_random *random);
/* r or s of a raw signature: n - s, zero, n, swapped. */
void diff_change_signature(struct diff_case *c, uint8_t signature[64], struct diff_random *random);

#endif
