/*
 * services/shares/dealing.h - encryption and proofs of public dealings (docs/services.md 5.16):
 * numbers encrypted to one taker each, a proof that a dealer has r of R = r G, and the public
 * opening of one taker's number.
 *
 * Independent of the service: the meaning of a number, its dealer and its taker are in a label, the
 * caller's digest of them. All numbers of one dealing are under one R; the number of a taker with
 * the key E = e G is
 *
 * sealed = number + H(label, R, E, r E) modulo the order of the group
 *
 * so r or e decrypts it. A taker with a wrong number publishes K = e R with a proof that log_G E =
 * log_R K, and anyone can compute the number. That reveals no number of another dealing as long as
 * no dealer reuses the R of another: a dealing is invalid without a proof of R that covers its own
 * label.
 *
 * Nothing is drawn here: randomness is passed in as bytes, for one use, the caller's to wipe.
 */
#ifndef ASSAY_SERVICES_SHARES_DEALING_H
#define ASSAY_SERVICES_SHARES_DEALING_H

#include "services/shares/sodium.h"

/* Schnorr proof: of one logarithm, or of two that are equal. */
struct assay_dealing_proof {
    uint8_t challenge[32];
    uint8_t answer[32];
};

/* In: x: a scalar that is not zero; label: the purpose of the proof; wide: uniform. Out: *point: x
 * G.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (x is no such scalar, or a zero was drawn) */
ASSAY_CHECKED enum assay_status assay_dealing_prove(
    const struct assay_secret32 *x, const uint8_t label[static 32],
    const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
    uint8_t point[static ASSAY_SODIUM_POINT_LEN], struct assay_dealing_proof *proof);
/* Verifies any bytes. Returns: true when point is canonical, in the group and not the identity, and
 * the proof of its logarithm is valid for this label. */
bool assay_dealing_verify(const uint8_t point[static ASSAY_SODIUM_POINT_LEN],
                          const uint8_t label[static 32], const struct assay_dealing_proof *proof);

/* Encrypts a number for one taker. In: r of R; taker: E, any bytes; label: the number, its dealer
 * and its taker.
 * Returns: ASSAY_OK | ASSAY_E_KEY (taker is no point, or the identity) | ASSAY_E_RANGE (r) */
ASSAY_CHECKED enum assay_status assay_dealing_seal(
    const struct assay_secret32 *r, const uint8_t taker[static ASSAY_SODIUM_POINT_LEN],
    const uint8_t label[static 32], const struct assay_secret32 *number,
    uint8_t sealed[static 32]);
/* Decrypts the taker's number. In: e of E; dealt: R, sealed: any bytes. Out: *number: any scalar,
 * including zero.
 * Returns: ASSAY_OK | ASSAY_E_KEY (R) | ASSAY_E_RANGE (e, sealed) */
ASSAY_CHECKED enum assay_status assay_dealing_open(
    const struct assay_secret32 *e, const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
    const uint8_t label[static 32], const uint8_t sealed[static 32],
    struct assay_secret32 *number);
/* Returns: true for 32 bytes that may be a sealed number: below the order. */
bool assay_dealing_is_sealed(const uint8_t sealed[static 32]);

/* --- public opening */
/* The taker opens one dealing with K = e R. In: label as of the number; wide: uniform. Returns:
 * ASSAY_OK | ASSAY_E_KEY (R) | ASSAY_E_RANGE (e, or a zero was drawn) */
ASSAY_CHECKED enum assay_status assay_dealing_open_public(
    const struct assay_secret32 *e, const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
    const uint8_t label[static 32], const uint8_t wide[static ASSAY_SODIUM_WIDE_LEN],
    uint8_t shown[static ASSAY_SODIUM_POINT_LEN], struct assay_dealing_proof *proof);
/* Reads an opened number. In: any bytes. Returns: ASSAY_OK | ASSAY_E_KEY (an invalid point) |
 * ASSAY_E_SIGNATURE (K is not e R, or of another label) | ASSAY_E_RANGE (sealed) */
ASSAY_CHECKED enum assay_status assay_dealing_read_public(
    const uint8_t taker[static ASSAY_SODIUM_POINT_LEN],
    const uint8_t dealt[static ASSAY_SODIUM_POINT_LEN],
    const uint8_t shown[static ASSAY_SODIUM_POINT_LEN], const uint8_t label[static 32],
    const struct assay_dealing_proof *proof, const uint8_t sealed[static 32],
    struct assay_secret32 *number);

#endif
